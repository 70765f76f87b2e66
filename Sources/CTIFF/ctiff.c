#include "CTIFF.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tiffio.h>

// Where a file is read from, and what came of it.
typedef struct {
    const uint8_t *bytes;
    uint64_t count, offset;
    int is_short; // whether more was asked for than there is
    char *reason; // the first complaint
} source_state;

static tmsize_t on_read(thandle_t handle, void *target, tmsize_t length) {
    source_state *source = handle;
    uint64_t left = source->offset < source->count ? source->count - source->offset : 0;
    uint64_t wanted = length > 0 ? (uint64_t)length : 0;
    if (wanted > left) {
        source->is_short = 1;
        wanted = left;
    }
    if (wanted) memcpy(target, source->bytes + source->offset, wanted);
    source->offset += wanted;
    return (tmsize_t)wanted;
}

static tmsize_t on_write(thandle_t handle, void *bytes, tmsize_t length) {
    (void)handle, (void)bytes, (void)length;
    return 0;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    source_state *source = handle;
    if (whence == SEEK_SET) source->offset = offset;
    if (whence == SEEK_CUR) source->offset += offset;
    if (whence == SEEK_END) source->offset = source->count + offset;
    return source->offset;
}

static int on_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle) { return ((source_state *)handle)->count; }

static int on_error(TIFF *tiff, void *data, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    source_state *source = data;
    if (source->reason[0] == 0) vsnprintf(source->reason, CTIFF_REASON_SIZE, format, arguments);
    return 1;
}

// Tags that are unknown or odd touch no pixel.
static int on_warning(TIFF *tiff, void *data, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)data, (void)module, (void)format, (void)arguments;
    return 1;
}

static TIFF *open_file(source_state *source, ctiff_limits limits) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, source);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, source);
    // No memory is asked for by what a field says alone.
    uint64_t most = limits.max_unpacked + (1 << 20);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)(most < INT64_MAX ? most : INT64_MAX));
    // Nothing is mapped, and strips are those of the file.
    TIFF *tiff = TIFFClientOpenExt(
        "image", "rmc", source, on_read, on_write, on_seek, on_close, on_size, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

static ctiff_status verdict(const source_state *source) {
    if (strstr(source->reason, "emory")) return CTIFF_NO_MEMORY;
    if (source->is_short || strstr(source->reason, "ead error")) return CTIFF_TRUNCATED;
    if (source->reason[0] == 0) snprintf(source->reason, CTIFF_REASON_SIZE, "its fields make no sense");
    return CTIFF_DAMAGED;
}

static ctiff_status refuse(source_state *source, ctiff_status status, const char *words) {
    snprintf(source->reason, CTIFF_REASON_SIZE, "%s", words);
    return status;
}

// How the pixels lie.
typedef struct {
    uint32_t width, height, block_width, block_height; // a block is a strip or a tile
    uint32_t blocks;                                   // of each plane
    int bits, samples, planes, inks, colours;
    int is_tiled, is_white_zero, is_palette, is_premultiplied;
    tmsize_t row_bytes, block_bytes;
    uint16_t *red, *green, *blue;
} layout;

// Finds the layout of the page, or why it is not read.
static ctiff_status find_layout(TIFF *tiff, source_state *source, ctiff_limits limits, layout *found) {
    memset(found, 0, sizeof *found);
    uint16_t bits = 1, samples = 1, compression = 1, planar = 1, format = 1, photometric = 0, extras = 0;
    uint16_t *kinds = NULL;
    uint32_t rows = 0;
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &found->width)
        || !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &found->height) || !found->width || !found->height)
        return refuse(source, CTIFF_DAMAGED, "it has no size");
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extras, &kinds);
    switch (compression) {
    case COMPRESSION_NONE:
    case COMPRESSION_LZW:
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE:
    case COMPRESSION_PACKBITS: break;
    case COMPRESSION_JPEG:
    case COMPRESSION_OJPEG: return refuse(source, CTIFF_UNSUPPORTED, "JPEG compression inside");
    case COMPRESSION_CCITTRLE:
    case COMPRESSION_CCITTFAX3:
    case COMPRESSION_CCITTFAX4: return refuse(source, CTIFF_UNSUPPORTED, "fax compression");
    default: return refuse(source, CTIFF_UNSUPPORTED, "a compression other than PackBits, LZW and deflate");
    }
    uint32_t purpose = 0;
    TIFFGetField(tiff, TIFFTAG_SUBFILETYPE, &purpose);
    if (purpose & FILETYPE_REDUCEDIMAGE)
        return refuse(source, CTIFF_UNSUPPORTED, "its first page is a small view of another, as in raw files of cameras");
    int is_grey = 0;
    switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
        is_grey = 1;
        found->colours = 1;
        found->is_white_zero = photometric == PHOTOMETRIC_MINISWHITE;
        break;
    case PHOTOMETRIC_RGB: found->colours = 3; break;
    case PHOTOMETRIC_PALETTE:
        found->colours = 1;
        found->is_palette = 1;
        if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &found->red, &found->green, &found->blue))
            return refuse(source, CTIFF_DAMAGED, "it has no palette");
        break;
    case PHOTOMETRIC_SEPARATED:
        found->colours = 4;
        found->inks = 1;
        break;
    case PHOTOMETRIC_YCBCR: return refuse(source, CTIFF_UNSUPPORTED, "YCbCr colours");
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB:
    case PHOTOMETRIC_ITULAB: return refuse(source, CTIFF_UNSUPPORTED, "Lab colours");
    default: return refuse(source, CTIFF_UNSUPPORTED, "colours of a rare kind");
    }
    if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID)
        return refuse(source, CTIFF_UNSUPPORTED, "floating-point or signed samples");
    int small = found->colours == 1 && samples == 1 && (bits == 1 || bits == 2 || bits == 4);
    if (bits != 8 && !small && !(bits == 16 && !found->is_palette && !(is_grey && samples > 1) && !found->is_white_zero))
        return refuse(source, CTIFF_UNSUPPORTED, "samples that have not 8 or 16 bits");
    if (samples < found->colours || samples > 6) return refuse(source, CTIFF_UNSUPPORTED, "a rare number of channels");
    found->is_premultiplied = found->colours == 3 && samples > 3 && extras > 0 && kinds[0] == EXTRASAMPLE_ASSOCALPHA;
    if (found->colours != 3 && extras > 0 && kinds[0] == EXTRASAMPLE_ASSOCALPHA)
        return refuse(source, CTIFF_UNSUPPORTED, "grey, palette or CMYK multiplied by alpha");
    found->bits = bits;
    found->samples = samples;
    found->planes = planar == PLANARCONFIG_SEPARATE ? samples : 1;
    found->is_tiled = TIFFIsTiled(tiff);
    if (found->is_tiled) {
        if (!TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &found->block_width)
            || !TIFFGetField(tiff, TIFFTAG_TILELENGTH, &found->block_height) || !found->block_width
            || !found->block_height)
            return refuse(source, CTIFF_DAMAGED, "tiles without a size");
        found->row_bytes = TIFFTileRowSize(tiff);
        found->block_bytes = TIFFTileSize(tiff);
    } else {
        TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows);
        if (!rows) return refuse(source, CTIFF_DAMAGED, "strips without rows");
        found->block_width = found->width;
        found->block_height = rows < found->height ? rows : found->height;
        found->row_bytes = TIFFScanlineSize(tiff);
        found->block_bytes = TIFFVStripSize(tiff, found->block_height);
    }
    if (found->row_bytes <= 0 || found->block_bytes <= 0) return verdict(source);
    uint64_t across = (found->width + (uint64_t)found->block_width - 1) / found->block_width;
    uint64_t down = (found->height + (uint64_t)found->block_height - 1) / found->block_height;
    if (across > 1u << 24 || down > 1u << 24) return CTIFF_TOO_MUCH_WORK;
    uint64_t blocks = across * down * (uint64_t)found->planes;
    // A block costs something even where it holds next to nothing.
    if (blocks > limits.max_unpacked / 256 || (uint64_t)found->block_bytes > limits.max_unpacked
        || blocks * ((uint64_t)found->block_bytes + 1024) / 2 > limits.max_unpacked)
        return CTIFF_TOO_MUCH_WORK;
    found->blocks = (uint32_t)(across * down);
    return CTIFF_OK;
}

ctiff_status ctiff_read_header(
    ctiff_header *header, char *reason, const uint8_t *bytes, size_t count, ctiff_limits limits
) {
    source_state source = {bytes, count, 0, 0, reason};
    memset(header, 0, sizeof *header);
    reason[0] = 0;
    TIFF *tiff = open_file(&source, limits);
    if (!tiff) return verdict(&source);
    layout found;
    ctiff_status status = find_layout(tiff, &source, limits, &found);
    // Sizes are told of images that are refused for their work, too.
    header->width = found.width;
    header->height = found.height;
    header->orientation = 1;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &header->orientation);
    TIFFClose(tiff);
    return status;
}

static int multiply_255(int a, int b) {
    int product = a * b + 128;
    return ((product >> 8) + product) >> 8;
}

// Sample `index` of a row at `bytes`, 8 bits.
static inline uint8_t sample(const layout *found, const uint8_t *bytes, size_t index) {
    if (found->bits == 8) return bytes[index];
    if (found->bits == 16) {
        uint16_t value; // libtiff has put it into the machine's order
        memcpy(&value, bytes + 2 * index, 2);
        if (found->colours == 1) return value > 255 ? 255 : (uint8_t)value;
        return (uint8_t)(value >> 8);
    }
    size_t place = index * (size_t)found->bits;
    int shift = 8 - found->bits - (int)(place & 7);
    return (uint8_t)(bytes[place >> 3] >> shift & ((1 << found->bits) - 1));
}

// Writes `count` pixels. Channel c of pixel x is sample x · step of the row at `rows[c]`.
static void convert(const layout *found, uint8_t *rgb, const uint8_t *const *rows, int step, uint32_t count) {
    int top = found->bits < 8 ? (1 << found->bits) - 1 : 255;
    for (uint32_t x = 0; x < count; x++, rgb += 3) {
        size_t place = (size_t)x * (size_t)step;
        uint8_t channels[6];
        int wanted = found->colours + (found->is_premultiplied ? 1 : 0);
        for (int c = 0; c < wanted; c++)
            channels[c] = sample(found, rows[found->planes > 1 ? c : 0], found->planes > 1 ? place : place + (size_t)c);
        if (found->is_palette) {
            rgb[0] = (uint8_t)(found->red[channels[0]] >> 8);
            rgb[1] = (uint8_t)(found->green[channels[0]] >> 8);
            rgb[2] = (uint8_t)(found->blue[channels[0]] >> 8);
        } else if (found->colours == 1) {
            int value = found->is_white_zero ? top - channels[0] : channels[0];
            memset(rgb, value * (255 / top), 3);
        } else if (found->inks) {
            int white = 255 - channels[3];
            for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(white - multiply_255(channels[c], white));
        } else {
            int alpha = found->is_premultiplied ? channels[3] : 255;
            for (int c = 0; c < 3; c++) {
                int value = alpha == 0 ? 0 : channels[c] * 255 / alpha;
                rgb[c] = (uint8_t)(value > 255 ? 255 : value);
            }
        }
    }
}

static double thread_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// Bytes of the file that all blocks together are said to take.
static ctiff_status check_packed(TIFF *tiff, const layout *found, uint64_t count, ctiff_limits limits) {
    // Blocks may share their bytes, and each is read as often as it is named.
    uint64_t left = limits.max_unpacked + count;
    for (uint32_t block = 0; block < found->blocks * (uint32_t)found->planes; block++) {
        uint64_t packed = TIFFGetStrileByteCount(tiff, block);
        if (packed > count) packed = count;
        if (packed > left) return CTIFF_TOO_MUCH_WORK;
        left -= packed;
    }
    return CTIFF_OK;
}

// Reads block `block` of each plane into `buffer` and writes its pixels.
static int read_block(TIFF *tiff, const layout *found, uint8_t *buffer, uint8_t *rgb, uint32_t block) {
    uint32_t across = (found->width + found->block_width - 1) / found->block_width;
    uint32_t top = block / across * found->block_height, left = block % across * found->block_width;
    uint32_t rows = found->height - top < found->block_height ? found->height - top : found->block_height;
    uint32_t columns = found->width - left < found->block_width ? found->width - left : found->block_width;
    for (int plane = 0; plane < found->planes; plane++) {
        uint8_t *target = buffer + (size_t)plane * (size_t)found->block_bytes;
        uint32_t number = block + (uint32_t)plane * found->blocks;
        tmsize_t wanted = found->is_tiled ? found->block_bytes : found->row_bytes * (tmsize_t)rows;
        tmsize_t got = found->is_tiled ? TIFFReadEncodedTile(tiff, number, target, wanted)
                                       : TIFFReadEncodedStrip(tiff, number, target, wanted);
        if (got != wanted) return 0;
    }
    for (uint32_t y = 0; y < rows; y++) {
        const uint8_t *starts[6] = {NULL};
        for (int plane = 0; plane < found->planes; plane++)
            starts[plane] = buffer + (size_t)plane * (size_t)found->block_bytes + (size_t)y * (size_t)found->row_bytes;
        uint8_t *target = rgb + ((size_t)(top + y) * found->width + left) * 3;
        convert(found, target, starts, found->planes > 1 ? 1 : found->samples, columns);
    }
    return 1;
}

ctiff_status ctiff_read_rgb(
    uint8_t *rgb, char *reason, int *more, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height,
    ctiff_limits limits
) {
    double deadline = thread_seconds() + limits.max_cpu_seconds;
    source_state source = {bytes, count, 0, 0, reason};
    reason[0] = 0;
    *more = 0;
    TIFF *tiff = open_file(&source, limits);
    if (!tiff) return verdict(&source);
    *more = !TIFFLastDirectory(tiff);
    layout found;
    uint8_t *buffer = NULL;
    ctiff_status status = find_layout(tiff, &source, limits, &found);
    if (status == CTIFF_OK && (found.width != width || found.height != height))
        status = refuse(&source, CTIFF_DAMAGED, "two sizes");
    if (status == CTIFF_OK) status = check_packed(tiff, &found, count, limits);
    if (status == CTIFF_OK) {
        buffer = malloc((size_t)found.block_bytes * (size_t)found.planes);
        if (!buffer) status = CTIFF_NO_MEMORY;
    }
    // What was odd about the header touches no pixel.
    if (status == CTIFF_OK) reason[0] = 0, source.is_short = 0;
    for (uint32_t block = 0; status == CTIFF_OK && block < found.blocks; block++) {
        if (thread_seconds() > deadline) status = CTIFF_TOO_SLOW;
        else if (!read_block(tiff, &found, buffer, rgb, block)) status = verdict(&source);
    }
    free(buffer);
    TIFFClose(tiff);
    return status;
}
