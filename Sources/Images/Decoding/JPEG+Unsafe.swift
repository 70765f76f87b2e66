import CJPEG
import Platform

/// JPEG pixels by libjpeg-turbo.
enum JPEG {
    /// Decodes the file whose header has been read and found within `limits`.
    static func decode(_ bytes: Bytes, height: Int, width: Int, limits: ImageLimits) throws(ImageError) -> Image {
        try Image(height: height, width: width) { (target) throws(ImageError) in
            var reason = [CChar](repeating: 0, count: Int(CJPEG_REASON_SIZE))
            let status = bytes.withUnsafeBytes { source in
                cjpeg_read_rgb(
                    target.baseAddress, &reason, source.baseAddress?.assumingMemoryBound(to: UInt8.self), source.count,
                    UInt32(width), UInt32(height), Int32(clamping: limits.maxScans), limits.maxCPUSeconds)
            }
            let words = String(decoding: reason.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            switch status {
            case CJPEG_OK: return
            case CJPEG_TRUNCATED: throw ImageError.truncated(.jpeg)
            case CJPEG_UNSUPPORTED: throw ImageError.unsupported(.jpeg, kind: words)
            case CJPEG_TOO_MANY_SCANS: throw ImageError.tooManyScans(limit: limits.maxScans)
            case CJPEG_TOO_SLOW: throw ImageError.tooSlow(limit: limits.maxCPUSeconds)
            case CJPEG_NO_MEMORY: throw ImageError.noMemory(height: height, width: width)
            default: throw ImageError.damaged(.jpeg, reason: words)
            }
        }
    }
}
