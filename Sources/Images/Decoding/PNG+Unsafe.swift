import CPNG
import Glibc
import Platform

extension PNG {
    /// Decodes the file whose header has been read and found within the limits.
    static func decode(_ bytes: Bytes, height: Int, width: Int) throws(ImageError) -> Image {
        try Image(height: height, width: width) { (target) throws(ImageError) in
            var reason = [CChar](repeating: 0, count: Int(CPNG_REASON_SIZE))
            let status = bytes.withUnsafeBytes { source in
                cpng_read_rgb(
                    target.baseAddress, &reason, source.baseAddress?.assumingMemoryBound(to: UInt8.self), source.count,
                    UInt32(width), UInt32(height))
            }
            switch status {
            case CPNG_OK: return
            case CPNG_TRUNCATED: throw ImageError.truncated(.png)
            case CPNG_NO_MEMORY: throw ImageError.noMemory(height: height, width: width)
            default: throw ImageError.damaged(.png, reason: Words.of(reason))
            }
        }
    }

    /// The labels of the file whose header has been read and found within the limits: places in its palette, or grey
    /// levels.
    static func decodeLabels(_ bytes: Bytes, height: Int, width: Int) throws(ImageError) -> LabelImage {
        var labels = [UInt8](repeating: 0, count: height * width)
        var reason = [CChar](repeating: 0, count: Int(CPNG_REASON_SIZE))
        let status = labels.withUnsafeMutableBufferPointer { target in
            bytes.withUnsafeBytes { source in
                cpng_read_labels(
                    target.baseAddress, &reason, source.baseAddress?.assumingMemoryBound(to: UInt8.self), source.count,
                    UInt32(width), UInt32(height))
            }
        }
        switch status {
        case CPNG_OK: return LabelImage(height: height, width: width, labels: labels)
        case CPNG_TRUNCATED: throw ImageError.truncated(.png)
        case CPNG_NO_MEMORY: throw ImageError.noMemory(height: height, width: width)
        default: throw ImageError.damaged(.png, reason: Words.of(reason))
        }
    }

    /// The file of `pixels` (height, width, channels).
    static func encode(_ pixels: [UInt8], height: Int, width: Int, channels: Int, level: Int) -> [UInt8] {
        precondition(height > 0 && width > 0, "an image has at least one pixel, not \(height) × \(width)")
        // libpng's own limits on a side.
        precondition(
            height <= 1_000_000 && width <= 1_000_000, "\(width) × \(height) pixels are too long a side for PNG")
        precondition(pixels.count == height * width * channels, "\(pixels.count) bytes do not fill the image")
        var file: UnsafeMutablePointer<UInt8>?
        var size = 0
        let status = pixels.withUnsafeBufferPointer {
            cpng_write(
                &file, &size, $0.baseAddress, UInt32(width), UInt32(height), Int32(channels),
                Int32(min(max(level, 0), 9)))
        }
        // Any legal pixels make a legal file; only memory can be missing.
        guard status == CPNG_OK, let file else {
            preconditionFailure("out of memory for a PNG of \(width) × \(height)")
        }
        defer { free(file) }
        return [UInt8](UnsafeBufferPointer(start: file, count: size))
    }
}
