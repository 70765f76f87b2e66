#ifndef CTIFF_H
#define CTIFF_H

// TIFF files read by libtiff, their first page alone: strips and tiles, without compression or with PackBits, LZW and
// deflate. Nothing keeps any state.

#include <stddef.h>
#include <stdint.h>

// Room for a reason in words, with its terminating zero.
#define CTIFF_REASON_SIZE 256

typedef enum {
    CTIFF_OK = 0,
    CTIFF_TRUNCATED,     // the file ends before the image does
    CTIFF_DAMAGED,       // the bytes contradict the format; `reason` says how
    CTIFF_UNSUPPORTED,   // legal, but a kind we do not read; `reason` says which
    CTIFF_TOO_MUCH_WORK, // unpacks to more than allowed
    CTIFF_TOO_SLOW,      // more processor time than allowed
    CTIFF_NO_MEMORY,
} ctiff_status;

typedef struct {
    uint32_t width, height; // as stored, before any turn
    uint16_t orientation;   // EXIF's number
} ctiff_header;

// What a decoding may cost at most.
typedef struct {
    uint64_t max_unpacked;  // bytes that the pixels unpack to
    double max_cpu_seconds; // of this thread
} ctiff_limits;

// The size of the first page, and whether it is of a kind that is read. No pixel is decoded.
ctiff_status ctiff_read_header(
    ctiff_header *header, char *reason, const uint8_t *bytes, size_t count, ctiff_limits limits);

// Decodes to rgb (height, width, 3), 8 bits, as stored; `width` and `height` are those of the header. All kinds are
// converted as Pillow's convert('RGB') does: alpha is dropped after colours that were multiplied by it are divided
// again, 16 bits lose the lower eight, except in grey images, where values above 255 become 255.
// `*more` says whether other pages follow.
ctiff_status ctiff_read_rgb(
    uint8_t *rgb, char *reason, int *more, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height,
    ctiff_limits limits);

#endif
