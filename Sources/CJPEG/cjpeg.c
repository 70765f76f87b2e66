#include "CJPEG.h"

#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jpeglib.h>

#include <jerror.h>

// libjpeg's error manager with the way out and the verdict. It comes first, so that the library's pointer is ours.
typedef struct {
    struct jpeg_error_mgr manager;
    jmp_buf escape;
    cjpeg_status status;
    char *reason;
    cjpeg_report *report;
} error_state;

// Watches a decoding that is under way.
typedef struct {
    struct jpeg_progress_mgr manager;
    cjpeg_limits limits;
    double deadline; // on the thread's processor clock
    size_t count;    // bytes of the file
    int scan;        // the last that was counted
    uint64_t work;   // scans × pixels so far
} progress_state;

static double thread_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(j_common_ptr info, cjpeg_status status) {
    error_state *errors = (error_state *)info->err;
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    snprintf(errors->reason, CJPEG_REASON_SIZE, "%s", text);
    errors->status = status;
    longjmp(errors->escape, 1);
}

static void on_error(j_common_ptr info) {
    switch (info->err->msg_code) {
    case JERR_INPUT_EMPTY:
    case JERR_INPUT_EOF:
        fail(info, CJPEG_TRUNCATED);
        break;
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE: // more than max_memory
        fail(info, CJPEG_NO_MEMORY);
        break;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
        fail(info, CJPEG_UNSUPPORTED);
        break;
    default:
        fail(info, CJPEG_DAMAGED);
    }
}

// Warnings have a negative level. Those let through leave all pixels what they are; Pillow reads such files, too. Not
// even told are a version number, an odd Adobe segment, a colour profile in pieces, which cameras and editors cause.
static void on_message(j_common_ptr info, int level) {
    if (level >= 0) return;
    cjpeg_report *report = ((error_state *)info->err)->report;
    switch (info->err->msg_code) {
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
    case JWRN_BOGUS_ICC:
        return;
    case JWRN_EXTRANEOUS_DATA:
        report->oddities |= CJPEG_STRAY_BYTES;
        return;
    case JWRN_NOT_SEQUENTIAL:
        report->oddities |= CJPEG_ODD_SCAN;
        return;
    case JWRN_BOGUS_PROGRESSION:
        report->oddities |= CJPEG_ODD_PROGRESSION;
        return;
    default:
        fail(info, CJPEG_DAMAGED);
    }
}

static void on_output(j_common_ptr info) { (void)info; }

// Arithmetic coding takes 4 ns for a coefficient that costs no bytes and 100 ns for a byte, where Huffman coding takes
// half a nanosecond and 2 ns: so much more counts each pixel of each component, and each byte.
static const uint64_t arithmetic_pixel = 8, arithmetic_byte = 64;

// Counts the scan that begins.
static cjpeg_status spend(progress_state *progress, j_decompress_ptr image) {
    if (image->input_scan_number > progress->limits.max_scans) return CJPEG_TOO_MANY_SCANS;
    uint64_t pixels = (uint64_t)image->image_width * image->image_height;
    if (image->arith_code) {
        if (progress->scan == 0) progress->work = arithmetic_byte * progress->count;
        progress->work += arithmetic_pixel * pixels * (uint64_t)image->comps_in_scan;
        if (progress->work > progress->limits.max_work) return CJPEG_TOO_MUCH_ARITHMETIC;
    } else {
        progress->work += pixels;
        // The first scan is paid for by the limit on pixels.
        if (progress->scan > 0 && progress->work > progress->limits.max_work) return CJPEG_TOO_MUCH_WORK;
    }
    progress->scan = image->input_scan_number;
    return CJPEG_OK;
}

// Called for each row of blocks in each scan. The limits on scans and time are the application's duty
// (CVE-2019-13960 was refused as a bug of the library).
static void on_progress(j_common_ptr info) {
    progress_state *progress = (progress_state *)info->progress;
    error_state *errors = (error_state *)info->err;
    j_decompress_ptr image = (j_decompress_ptr)info;
    if (image->input_scan_number > progress->scan) errors->status = spend(progress, image);
    if (errors->status == CJPEG_OK && thread_seconds() > progress->deadline) errors->status = CJPEG_TOO_SLOW;
    if (errors->status != CJPEG_OK) longjmp(errors->escape, 1);
}

// A source that has all bytes from the start. Where they end, the library is told that more may come, as Pillow tells
// it, so that a file is truncated exactly where Pillow says so.
static void on_source(j_decompress_ptr info) { (void)info; }

static boolean on_empty(j_decompress_ptr info) {
    (void)info;
    return FALSE;
}

static void on_skip(j_decompress_ptr info, long count) {
    if (count <= 0) return;
    size_t length = (size_t)count < info->src->bytes_in_buffer ? (size_t)count : info->src->bytes_in_buffer;
    info->src->next_input_byte += length;
    info->src->bytes_in_buffer -= length;
}

static void prepare(struct jpeg_decompress_struct *info, error_state *errors, char *reason, cjpeg_report *report) {
    memset(info, 0, sizeof *info);
    info->err = jpeg_std_error(&errors->manager);
    errors->manager.error_exit = on_error;
    errors->manager.emit_message = on_message;
    errors->manager.output_message = on_output;
    errors->status = CJPEG_OK;
    errors->reason = reason;
    errors->report = report;
    reason[0] = 0;
    memset(report, 0, sizeof *report);
}

// a·b/255, rounded, as Pillow computes it.
static int multiply_255(int a, int b) {
    int product = a * b + 128;
    return ((product >> 8) + product) >> 8;
}

// Inverted CMYK to RGB, as Pillow: K first, then each ink on what K left.
static void convert_cmyk(uint8_t *rgb, const uint8_t *cmyk, uint32_t width) {
    for (uint32_t x = 0; x < width; x++) {
        int white = cmyk[4 * x + 3]; // 255 − K, for the file holds 255 − K
        for (int channel = 0; channel < 3; channel++)
            rgb[3 * x + channel] = (uint8_t)(white - multiply_255(255 - cmyk[4 * x + channel], white));
    }
}

// Leaves the decoding of a file whose bytes have come to an end.
static void truncated(struct jpeg_decompress_struct *info) {
    error_state *errors = (error_state *)info->err;
    errors->status = CJPEG_TRUNCATED;
    longjmp(errors->escape, 1);
}

static void read_rows(struct jpeg_decompress_struct *info, uint8_t *rgb) {
    int inks = info->num_components == 4;
    info->out_color_space = inks ? JCS_CMYK : JCS_RGB;
    if (!jpeg_start_decompress(info)) truncated(info);
    size_t stride = (size_t)info->output_width * 3;
    JSAMPARRAY line = NULL;
    if (inks) line = info->mem->alloc_sarray((j_common_ptr)info, JPOOL_IMAGE, info->output_width * 4, 1);
    while (info->output_scanline < info->output_height) {
        uint8_t *row = rgb + info->output_scanline * stride;
        if (jpeg_read_scanlines(info, inks ? line : &row, 1) != 1) truncated(info);
        if (inks) convert_cmyk(row, line[0], info->output_width);
    }
}

cjpeg_status cjpeg_read_rgb(
    uint8_t *rgb, char *reason, cjpeg_report *report, const uint8_t *bytes, size_t count, uint32_t width,
    uint32_t height, uint32_t reduction, cjpeg_limits limits
) {
    struct jpeg_decompress_struct info;
    struct jpeg_source_mgr source = {
        .next_input_byte = bytes, .bytes_in_buffer = count, .init_source = on_source, .fill_input_buffer = on_empty,
        .skip_input_data = on_skip, .resync_to_restart = jpeg_resync_to_restart, .term_source = on_source};
    error_state errors;
    progress_state progress;
    memset(&progress, 0, sizeof progress);
    progress.manager.progress_monitor = on_progress;
    progress.limits = limits;
    progress.count = count;
    progress.deadline = thread_seconds() + limits.max_cpu_seconds;
    prepare(&info, &errors, reason, report);
    if (setjmp(errors.escape) == 0) {
        jpeg_create_decompress(&info);
        info.progress = &progress.manager;
        info.mem->max_memory_to_use = limits.max_memory < LONG_MAX ? (long)limits.max_memory : LONG_MAX;
        info.src = &source;
        if (jpeg_read_header(&info, TRUE) == JPEG_SUSPENDED) truncated(&info);
        if (info.image_width != width || info.image_height != height) ERREXIT(&info, JERR_SOF_DUPLICATE);
        info.scale_denom = reduction;
        read_rows(&info, rgb);
        if (jpeg_finish_decompress(&info)) {
            report->trailing = source.bytes_in_buffer;
        } else {
            // A second frame that is cut off is a second frame, whatever of it is there.
            int marker = info.unread_marker;
            if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc)
                ERREXIT(&info, JERR_SOF_DUPLICATE);
            report->oddities |= CJPEG_NO_END;
        }
    }
    jpeg_destroy_decompress(&info);
    return errors.status;
}
