#ifndef CWEBP_H
#define CWEBP_H

// WebP files read by libwebp, lossy and lossless, of animations the first frame alone. Nothing keeps any state.

#include <stddef.h>
#include <stdint.h>

typedef enum {
    CWEBP_OK = 0,
    CWEBP_TRUNCATED, // the file ends before the image does
    CWEBP_DAMAGED,   // the bytes contradict the format
    CWEBP_NO_MEMORY,
} cwebp_status;

// Decodes to rgb (height, width, 3), 8 bits; `width` and `height` are what the file's header says. Alpha is dropped,
// as Pillow's convert('RGB') does it; what the first frame of an animation leaves free is black. `*frames` is how many
// frames there are.
cwebp_status cwebp_read_rgb(
    uint8_t *rgb, uint32_t *frames, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height);

#endif
