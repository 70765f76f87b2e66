import CWebP
import Platform

/// WebP pixels by libwebp.
enum WebP {
    /// Decodes the file whose header has been read and found within the limits.
    static func decode(_ bytes: Bytes, height: Int, width: Int) throws(ImageError) -> DecodedImage {
        var frames: UInt32 = 0
        let image = try Image(height: height, width: width) { (target) throws(ImageError) in
            let status = bytes.withUnsafeBytes { source in
                cwebp_read_rgb(
                    target.baseAddress, &frames, source.baseAddress?.assumingMemoryBound(to: UInt8.self), source.count,
                    UInt32(width), UInt32(height))
            }
            switch status {
            case CWEBP_OK: return
            case CWEBP_TRUNCATED: throw ImageError.truncated(.webp)
            case CWEBP_NO_MEMORY: throw ImageError.noMemory(height: height, width: width)
            default: throw ImageError.damaged(.webp, reason: "its bitstream makes no sense")
            }
        }
        return DecodedImage(image: image, warnings: frames > 1 ? [.firstOfMany(.webp)] : [])
    }
}
