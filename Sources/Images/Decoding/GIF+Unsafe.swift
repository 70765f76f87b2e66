import CGIF
import Platform

/// The first frame of a GIF by giflib.
enum GIF {
    /// The size of the sheet that the first frame lies on.
    static func size(of bytes: Bytes) throws(ImageError) -> (height: Int, width: Int) {
        var width: UInt32 = 0, height: UInt32 = 0
        var reason = [CChar](repeating: 0, count: Int(CGIF_REASON_SIZE))
        let status = bytes.withUnsafeBytes { source in
            cgif_read_size(
                &width, &height, &reason, source.baseAddress?.assumingMemoryBound(to: UInt8.self), source.count)
        }
        try check(status, reason, height: Int(height), width: Int(width))
        return (Int(height), Int(width))
    }

    /// Decodes the file whose header has been read and found within the limits.
    static func decode(_ bytes: Bytes, height: Int, width: Int) throws(ImageError) -> DecodedImage {
        var more: Int32 = 0
        let image = try Image(height: height, width: width) { (target) throws(ImageError) in
            var reason = [CChar](repeating: 0, count: Int(CGIF_REASON_SIZE))
            let status = bytes.withUnsafeBytes { source in
                cgif_read_rgb(
                    target.baseAddress, &reason, &more, source.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    source.count, UInt32(width), UInt32(height))
            }
            try check(status, reason, height: height, width: width)
        }
        return DecodedImage(image: image, warnings: more != 0 ? [.firstOfMany(.gif)] : [])
    }

    private static func check(
        _ status: cgif_status, _ reason: [CChar], height: Int, width: Int
    ) throws(ImageError) {
        switch status {
        case CGIF_OK: return
        case CGIF_TRUNCATED: throw ImageError.truncated(.gif)
        case CGIF_NO_MEMORY: throw ImageError.noMemory(height: height, width: width)
        default: throw ImageError.damaged(.gif, reason: Words.of(reason))
        }
    }
}
