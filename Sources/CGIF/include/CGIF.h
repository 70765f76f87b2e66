#ifndef CGIF_H
#define CGIF_H

// GIF files read by giflib, their first frame alone. Nothing keeps any state.

#include <stddef.h>
#include <stdint.h>

// Room for a reason in words, with its terminating zero.
#define CGIF_REASON_SIZE 256

typedef enum {
    CGIF_OK = 0,
    CGIF_TRUNCATED, // the file ends before the image does
    CGIF_DAMAGED,   // the bytes contradict the format; `reason` says how
    CGIF_NO_MEMORY,
} cgif_status;

// The size of the sheet that the first frame lies on: the screen, and larger where the frame looks out.
cgif_status cgif_read_size(uint32_t *width, uint32_t *height, char *reason, const uint8_t *bytes, size_t count);

// Decodes the first frame to rgb (height, width, 3), 8 bits; `width` and `height` are those of `cgif_read_size`. What
// the frame leaves free has its transparent colour, or that of index 0, and colours that no palette defines are black,
// as Pillow has it. `*more` says whether other frames follow.
cgif_status cgif_read_rgb(
    uint8_t *rgb, char *reason, int *more, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height);

#endif
