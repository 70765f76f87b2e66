#ifndef CJPEG_H
#define CJPEG_H

// JPEG files read by libjpeg-turbo. The library reports errors by longjmp, which must not cross Swift: these functions
// catch them. None keeps any state.

#include <stddef.h>
#include <stdint.h>

// Room for a reason in words, with its terminating zero.
#define CJPEG_REASON_SIZE 256

typedef enum {
    CJPEG_OK = 0,
    CJPEG_TRUNCATED,      // the file ends before the picture does
    CJPEG_DAMAGED,        // the bytes contradict the format; `reason` says how
    CJPEG_UNSUPPORTED,    // legal, but a kind this library or we do not read; `reason` says which
    CJPEG_TOO_MANY_SCANS, // more scans than allowed
    CJPEG_TOO_SLOW,       // more processor time than allowed
    CJPEG_NO_MEMORY,
} cjpeg_status;

// Decodes to rgb (height, width, 3), 8 bits; `width` and `height` are what the file's header says. Grey is repeated;
// four components are taken as Adobe's inverted CMYK and converted as Pillow does. A warning that means lost or wrong
// pixels is an error.
cjpeg_status cjpeg_read_rgb(
    uint8_t *rgb, char *reason, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, int max_scans,
    double max_cpu_seconds);

#endif
