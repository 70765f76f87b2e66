#include "CWebP.h"

#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

// Why a file is not read as a whole.
static cwebp_status verdict(const WebPData *file) {
    WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
    WebPDemuxer *demuxer = WebPDemuxPartial(file, &state);
    WebPDemuxDelete(demuxer);
    return state == WEBP_DEMUX_PARSING_HEADER || state == WEBP_DEMUX_PARSED_HEADER ? CWEBP_TRUNCATED : CWEBP_DAMAGED;
}

static cwebp_status read_frame(uint8_t *rgb, const WebPIterator *frame, uint32_t width, uint32_t height) {
    if (frame->x_offset < 0 || frame->y_offset < 0 || frame->width <= 0 || frame->height <= 0) return CWEBP_DAMAGED;
    size_t left = (size_t)frame->x_offset, top = (size_t)frame->y_offset;
    if (left + (size_t)frame->width > width || top + (size_t)frame->height > height) return CWEBP_DAMAGED;
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return CWEBP_NO_MEMORY;
    size_t stride = (size_t)width * 3, start = top * stride + left * 3;
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = rgb + start;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = stride * height - start;
    // The frame's own header may say another size than the file's.
    if (WebPGetFeatures(frame->fragment.bytes, frame->fragment.size, &config.input) != VP8_STATUS_OK
        || config.input.width != frame->width || config.input.height != frame->height)
        return CWEBP_DAMAGED;
    switch (WebPDecode(frame->fragment.bytes, frame->fragment.size, &config)) {
    case VP8_STATUS_OK: return CWEBP_OK;
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: return CWEBP_TRUNCATED;
    case VP8_STATUS_OUT_OF_MEMORY: return CWEBP_NO_MEMORY;
    default: return CWEBP_DAMAGED;
    }
}

cwebp_status cwebp_read_rgb(
    uint8_t *rgb, uint32_t *frames, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height
) {
    WebPData file = {bytes, count};
    WebPDemuxer *demuxer = WebPDemux(&file);
    if (!demuxer) return verdict(&file);
    cwebp_status status = CWEBP_DAMAGED;
    WebPIterator frame;
    memset(&frame, 0, sizeof frame);
    if (WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH) == width
        && WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT) == height && WebPDemuxGetFrame(demuxer, 1, &frame)) {
        *frames = WebPDemuxGetI(demuxer, WEBP_FF_FRAME_COUNT);
        memset(rgb, 0, (size_t)width * height * 3);
        status = read_frame(rgb, &frame, width, height);
    }
    WebPDemuxReleaseIterator(&frame);
    WebPDemuxDelete(demuxer);
    return status;
}
