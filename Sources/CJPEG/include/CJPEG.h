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
    CJPEG_TRUNCATED,           // the file ends before the image does
    CJPEG_DAMAGED,             // the bytes contradict the format; `reason` says how
    CJPEG_UNSUPPORTED,         // legal, but a kind this library or we do not read; `reason` says which
    CJPEG_TOO_MANY_SCANS,      // more scans than allowed
    CJPEG_TOO_MUCH_WORK,       // more scans × pixels than allowed
    CJPEG_TOO_MUCH_ARITHMETIC, // the same of arithmetic coding, which takes much longer
    CJPEG_TOO_SLOW,            // more processor time than allowed
    CJPEG_NO_MEMORY,
} cjpeg_status;

// What a decoding may cost at most.
typedef struct {
    int max_scans;
    uint64_t max_work;      // scans × pixels
    size_t max_memory;      // bytes of the library's own, such as the coefficients of a progressive image
    double max_cpu_seconds; // of this thread
} cjpeg_limits;

// What is odd about a file of which all pixels are there.
typedef enum {
    CJPEG_ODD_SCAN = 1,        // parameters of a scan that a sequential image does not have
    CJPEG_ODD_PROGRESSION = 2, // progressive scans that do not build on one another
    CJPEG_STRAY_BYTES = 4,     // bytes before a marker that belong to nothing
    CJPEG_NO_END = 8,          // no end-of-image marker
} cjpeg_oddity;

typedef struct {
    unsigned oddities; // of cjpeg_oddity, added up
    size_t trailing;   // bytes behind the end-of-image marker
} cjpeg_report;

// Decodes to rgb (height, width, 3), 8 bits; `width` and `height` are what the file's header says, and are divided by
// `reduction` (1, 2, 4 or 8) and rounded up, which libjpeg does in the cosines. Grey is repeated;
// four components are taken as Adobe's inverted CMYK and converted as Pillow does. A file of which pixels are missing
// or doubtful is an error, any other oddity is reported.
cjpeg_status cjpeg_read_rgb(
    uint8_t *rgb, char *reason, cjpeg_report *report, const uint8_t *bytes, size_t count, uint32_t width,
    uint32_t height, uint32_t reduction, cjpeg_limits limits);

#endif
