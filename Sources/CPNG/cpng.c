#include "CPNG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

// Where a file is read from, and what came of it.
typedef struct {
    const uint8_t *bytes;
    size_t count, offset;
    cpng_status status;
    char *reason;
} source_state;

static void on_error(png_structp png, png_const_charp message) {
    source_state *source = png_get_error_ptr(png);
    if (source->status == CPNG_OK) {
        source->status = strstr(message, "emory") ? CPNG_NO_MEMORY : CPNG_DAMAGED;
        snprintf(source->reason, CPNG_REASON_SIZE, "%s", message);
    }
    png_longjmp(png, 1);
}

// Lost or wrong pixels are an error. What is let through loses none: bytes after the last pixel, and colours of the
// palette that the file does not define, which are black for Pillow too.
static void on_warning(png_structp png, png_const_charp message) {
    static const char *const harmless[] = {"xtra compressed data", "oo much image data", "palette index"};
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strstr(message, harmless[i])) return;
    on_error(png, message);
}

static void on_read(png_structp png, png_bytep target, size_t length) {
    source_state *source = png_get_io_ptr(png);
    if (length > source->count - source->offset) {
        source->status = CPNG_TRUNCATED;
        png_error(png, "the file ends too early");
    }
    memcpy(target, source->bytes + source->offset, length);
    source->offset += length;
}

// 16-bit grey, big-endian, to RGB in the same row, from the right so that nothing is overwritten before it is read.
static void widen_grey16(uint8_t *row, uint32_t width) {
    for (size_t x = width; x-- > 0;) {
        uint8_t value = row[2 * x] ? 255 : row[2 * x + 1];
        row[3 * x] = row[3 * x + 1] = row[3 * x + 2] = value;
    }
}

static void read_header(png_structp png, png_infop info, uint32_t width, uint32_t height) {
    // Nothing but pixels and palette is parsed: text, profiles and the rest have been libpng's weak spots.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep) "tRNS\0eXIf\0cICP", 3);
    png_set_user_limits(png, width, height);
    png_set_chunk_malloc_max(png, 1 << 20);
    png_read_info(png, info);
    if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height)
        png_error(png, "two headers of different sizes");
}

static void read_rows(png_structp png, png_infop info, uint8_t *rgb, uint32_t width, uint32_t height) {
    read_header(png, info, width, height);
    int kind = png_get_color_type(png, info), depth = png_get_bit_depth(png, info);
    int grey16 = kind == PNG_COLOR_TYPE_GRAY && depth == 16;
    if (!grey16) {
        if (kind == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
        if (kind == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
        if (depth == 16) png_set_strip_16(png);
        if (kind & PNG_COLOR_MASK_ALPHA) png_set_strip_alpha(png);
        if (!(kind & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
    }
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    size_t stride = (size_t)width * 3;
    if (png_get_rowbytes(png, info) != (grey16 ? (size_t)width * 2 : stride))
        png_error(png, "rows of an unexpected length");
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < height; y++) png_read_row(png, rgb + y * stride, NULL);
    if (grey16)
        for (uint32_t y = 0; y < height; y++) widen_grey16(rgb + y * stride, width);
    png_read_end(png, NULL);
}

// Labels as they are stored: nothing is made of them but a byte each.
static void read_label_rows(png_structp png, png_infop info, uint8_t *labels, uint32_t width, uint32_t height) {
    read_header(png, info, width, height);
    int kind = png_get_color_type(png, info), depth = png_get_bit_depth(png, info);
    if ((kind != PNG_COLOR_TYPE_PALETTE && kind != PNG_COLOR_TYPE_GRAY) || depth > 8)
        png_error(png, "a mask has a palette or grey levels, of 8 bits at the most");
    if (depth < 8) png_set_packing(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != width) png_error(png, "rows of an unexpected length");
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < height; y++) png_read_row(png, labels + (size_t)y * width, NULL);
    png_read_end(png, NULL);
}

typedef void row_reader(png_structp png, png_infop info, uint8_t *pixels, uint32_t width, uint32_t height);

static cpng_status read_with(
    row_reader *rows, uint8_t *pixels, char *reason, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height
) {
    source_state source = {bytes, count, 0, CPNG_OK, reason};
    reason[0] = 0;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, on_error, on_warning);
    if (!png) return CPNG_NO_MEMORY;
    png_infop info = png_create_info_struct(png);
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return CPNG_NO_MEMORY;
    }
    if (setjmp(png_jmpbuf(png)) == 0) {
        png_set_read_fn(png, &source, on_read);
        rows(png, info, pixels, width, height);
    }
    png_destroy_read_struct(&png, &info, NULL);
    return source.status;
}

cpng_status cpng_read_rgb(
    uint8_t *rgb, char *reason, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height
) {
    return read_with(read_rows, rgb, reason, bytes, count, width, height);
}

cpng_status cpng_read_labels(
    uint8_t *labels, char *reason, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height
) {
    return read_with(read_label_rows, labels, reason, bytes, count, width, height);
}

// A file that grows in memory.
typedef struct {
    uint8_t *bytes;
    size_t count, capacity;
} target_state;

static void on_write(png_structp png, png_bytep bytes, size_t length) {
    target_state *target = png_get_io_ptr(png);
    if (length > target->capacity - target->count) {
        size_t capacity = (target->count + length) * 2 + 4096;
        uint8_t *grown = realloc(target->bytes, capacity);
        if (!grown) png_error(png, "out of memory");
        target->bytes = grown;
        target->capacity = capacity;
    }
    memcpy(target->bytes + target->count, bytes, length);
    target->count += length;
}

static void on_flush(png_structp png) { (void)png; }

static void write_rows(
    png_structp png, png_infop info, const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int level
) {
    int kind = channels == 1 ? PNG_COLOR_TYPE_GRAY : channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGB_ALPHA;
    png_set_IHDR(
        png, info, width, height, 8, kind, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, level);
    png_write_info(png, info);
    size_t stride = (size_t)width * (size_t)channels;
    for (uint32_t y = 0; y < height; y++) png_write_row(png, pixels + y * stride);
    png_write_end(png, info);
}

cpng_status cpng_write(
    uint8_t **file, size_t *size, const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int level
) {
    char reason[CPNG_REASON_SIZE];
    source_state errors = {NULL, 0, 0, CPNG_OK, reason};
    target_state target = {NULL, 0, 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &errors, on_error, on_warning);
    if (!png) return CPNG_NO_MEMORY;
    png_infop info = png_create_info_struct(png);
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        return CPNG_NO_MEMORY;
    }
    if (setjmp(png_jmpbuf(png)) == 0) {
        png_set_write_fn(png, &target, on_write, on_flush);
        write_rows(png, info, pixels, width, height, channels, level);
    }
    png_destroy_write_struct(&png, &info);
    if (errors.status != CPNG_OK) {
        free(target.bytes);
        return errors.status;
    }
    *file = target.bytes;
    *size = target.count;
    return CPNG_OK;
}
