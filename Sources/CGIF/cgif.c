#include "CGIF.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

// Where a file is read from, and whether more was asked for than there is.
typedef struct {
    const uint8_t *bytes;
    size_t count, offset;
    int is_short;
} source_state;

static int on_read(GifFileType *gif, GifByteType *target, int length) {
    source_state *source = gif->UserData;
    size_t wanted = length > 0 ? (size_t)length : 0, left = source->count - source->offset;
    if (wanted > left) {
        source->is_short = 1;
        wanted = left;
    }
    memcpy(target, source->bytes + source->offset, wanted);
    source->offset += wanted;
    return (int)wanted;
}

static cgif_status verdict(const source_state *source, int code, char *reason) {
    if (code == D_GIF_ERR_NOT_ENOUGH_MEM) return CGIF_NO_MEMORY;
    if (source->is_short) return CGIF_TRUNCATED;
    const char *words = GifErrorString(code);
    snprintf(reason, CGIF_REASON_SIZE, "%s", words ? words : "its codes make no sense");
    return CGIF_DAMAGED;
}

static cgif_status damaged(char *reason, const char *words) {
    snprintf(reason, CGIF_REASON_SIZE, "%s", words);
    return CGIF_DAMAGED;
}

// Passes over everything up to the description of an image; 0 where none is left, -1 where the file is in disorder.
static int find_frame(GifFileType *gif, int *transparent) {
    GifRecordType record;
    for (;;) {
        if (DGifGetRecordType(gif, &record) == GIF_ERROR) return -1;
        if (record == IMAGE_DESC_RECORD_TYPE) return 1;
        if (record == TERMINATE_RECORD_TYPE) return 0;
        int code;
        GifByteType *block;
        if (DGifGetExtension(gif, &code, &block) == GIF_ERROR) return -1;
        if (code == GRAPHICS_EXT_FUNC_CODE && block && block[0] >= 4 && (block[1] & 1)) *transparent = block[4];
        while (block)
            if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) return -1;
    }
}

// Opens the file and comes to its first frame.
static cgif_status open_frame(GifFileType **file, source_state *source, int *transparent, char *reason) {
    int code = 0;
    reason[0] = 0;
    GifFileType *gif = *file = DGifOpen(source, on_read, &code);
    if (!gif) return verdict(source, code, reason);
    *transparent = -1;
    int found = find_frame(gif, transparent);
    if (found == 0) return damaged(reason, "it ends without an image");
    if (found < 0 || DGifGetImageDesc(gif) == GIF_ERROR) return verdict(source, gif->Error, reason);
    if (gif->Image.Width <= 0 || gif->Image.Height <= 0) return damaged(reason, "a frame without pixels");
    return CGIF_OK;
}

static uint32_t larger(int screen, int start, int length) {
    return (uint32_t)(start + length > screen ? start + length : screen);
}

cgif_status cgif_read_size(uint32_t *width, uint32_t *height, char *reason, const uint8_t *bytes, size_t count) {
    source_state source = {bytes, count, 0, 0};
    GifFileType *gif;
    int transparent, code;
    cgif_status status = open_frame(&gif, &source, &transparent, reason);
    if (status == CGIF_OK) {
        *width = larger(gif->SWidth, gif->Image.Left, gif->Image.Width);
        *height = larger(gif->SHeight, gif->Image.Top, gif->Image.Height);
    }
    if (gif) DGifCloseFile(gif, &code);
    return status;
}

// The colours of all indices. A palette that says nothing but that index n is the grey n is none for Pillow, so that
// indices beyond it are grey as well.
static void fill_palette(uint8_t palette[256][3], const ColorMapObject *map) {
    int is_grey = 1;
    memset(palette, 0, 256 * 3);
    for (int i = 0; map && i < map->ColorCount && i < 256; i++) {
        const GifColorType *colour = &map->Colors[i];
        palette[i][0] = colour->Red, palette[i][1] = colour->Green, palette[i][2] = colour->Blue;
        if (colour->Red != i || colour->Green != i || colour->Blue != i) is_grey = 0;
    }
    if (is_grey)
        for (int i = 0; i < 256; i++) memset(palette[i], i, 3);
}

static cgif_status read_rows(GifFileType *gif, const source_state *source, char *reason, uint8_t *rgb, uint32_t width,
    uint8_t palette[256][3]) {
    static const int starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    const GifImageDesc *frame = &gif->Image;
    GifPixelType *line = malloc((size_t)frame->Width);
    if (!line) return CGIF_NO_MEMORY;
    cgif_status status = CGIF_OK;
    for (int pass = 0; pass < (frame->Interlace ? 4 : 1) && status == CGIF_OK; pass++) {
        int start = frame->Interlace ? starts[pass] : 0, step = frame->Interlace ? steps[pass] : 1;
        for (int y = start; y < frame->Height; y += step) {
            if (DGifGetLine(gif, line, frame->Width) == GIF_ERROR) {
                status = verdict(source, gif->Error, reason);
                break;
            }
            uint8_t *row = rgb + ((size_t)(frame->Top + y) * width + (size_t)frame->Left) * 3;
            for (int x = 0; x < frame->Width; x++) memcpy(row + 3 * (size_t)x, palette[line[x]], 3);
        }
    }
    free(line);
    return status;
}

cgif_status cgif_read_rgb(
    uint8_t *rgb, char *reason, int *more, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height
) {
    source_state source = {bytes, count, 0, 0};
    GifFileType *gif;
    int transparent, code;
    *more = 0;
    cgif_status status = open_frame(&gif, &source, &transparent, reason);
    if (status == CGIF_OK) {
        const GifImageDesc *frame = &gif->Image;
        uint8_t palette[256][3];
        fill_palette(palette, frame->ColorMap ? frame->ColorMap : gif->SColorMap);
        if (larger(gif->SWidth, frame->Left, frame->Width) != width
            || larger(gif->SHeight, frame->Top, frame->Height) != height) {
            status = damaged(reason, "two sizes");
        } else {
            const uint8_t *free_colour = palette[transparent < 0 ? 0 : transparent];
            for (size_t i = 0; i < (size_t)width * height; i++) memcpy(rgb + 3 * i, free_colour, 3);
            status = read_rows(gif, &source, reason, rgb, width, palette);
        }
        int ignored = -1;
        if (status == CGIF_OK) *more = find_frame(gif, &ignored) == 1;
    }
    if (gif) DGifCloseFile(gif, &code);
    return status;
}
