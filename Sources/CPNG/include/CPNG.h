#ifndef CPNG_H
#define CPNG_H

// PNG files through libpng's classic row functions. The library reports errors by longjmp, which must not cross Swift:
// these functions catch them. None keeps any state.

#include <stddef.h>
#include <stdint.h>

// Room for a reason in words, with its terminating zero.
#define CPNG_REASON_SIZE 256

typedef enum {
    CPNG_OK = 0,
    CPNG_TRUNCATED, // the file ends before the image does
    CPNG_DAMAGED,   // the bytes contradict the format; `reason` says how
    CPNG_NO_MEMORY,
} cpng_status;

// Decodes to rgb (height, width, 3), 8 bits; `width` and `height` are what the file's header says. All kinds are
// converted as Pillow's convert('RGB') does: alpha and transparent colours are dropped, 16 bits lose the lower eight,
// except in grey images, where values above 255 become 255.
cpng_status cpng_read_rgb(
    uint8_t *rgb, char *reason, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height);

// Decodes to labels (height, width), 8 bits: the places in a palette, or grey levels of at most 8 bits as they are stored.
// Colours, alpha and 16 bits are CPNG_DAMAGED.
cpng_status cpng_read_labels(
    uint8_t *labels, char *reason, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height);

// Encodes pixels (height, width, channels), 8 bits, channels 1 (grey), 3 (RGB) or 4 (RGBA). `level` is zlib's, 0 to 9.
// The file is memory of malloc's at `*file`; the caller frees it.
cpng_status cpng_write(
    uint8_t **file, size_t *size, const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int level);

#endif
