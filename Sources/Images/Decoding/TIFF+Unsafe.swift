import CTIFF
import Platform

/// The first page of a TIFF by libtiff.
enum TIFF {
    /// What a file says about its first page.
    struct Header {
        let height: Int
        let width: Int
        let orientation: Orientation
        /// Why the page is not read, where its size does not tell.
        let refusal: ImageError?
    }

    /// Reads the fields of the first page.
    static func header(of bytes: Bytes, limits: ImageLimits) throws(ImageError) -> Header {
        var found = ctiff_header()
        var reason = [CChar](repeating: 0, count: Int(CTIFF_REASON_SIZE))
        let status = bytes.withUnsafeBytes { source in
            ctiff_read_header(
                &found, &reason, source.baseAddress?.assumingMemoryBound(to: UInt8.self), source.count, limits.tiff)
        }
        let height = Int(found.height), width = Int(found.width)
        let refusal = error(status, reason, height: height, width: width, limits)
        if let refusal, height == 0 || width == 0 { throw refusal }
        return Header(
            height: height, width: width, orientation: Orientation(rawValue: Int(found.orientation)) ?? .up,
            refusal: refusal)
    }

    /// Decodes the file whose header has been read and found within `limits`.
    static func decode(_ bytes: Bytes, height: Int, width: Int, limits: ImageLimits) throws(ImageError) -> DecodedImage
    {
        var more: Int32 = 0
        let image = try Image(height: height, width: width) { (target) throws(ImageError) in
            var reason = [CChar](repeating: 0, count: Int(CTIFF_REASON_SIZE))
            let status = bytes.withUnsafeBytes { source in
                ctiff_read_rgb(
                    target.baseAddress, &reason, &more, source.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    source.count, UInt32(width), UInt32(height), limits.tiff)
            }
            if let error = error(status, reason, height: height, width: width, limits) { throw error }
        }
        return DecodedImage(image: image, warnings: more != 0 ? [.firstOfMany(.tiff)] : [])
    }

    private static func error(
        _ status: ctiff_status, _ reason: [CChar], height: Int, width: Int, _ limits: ImageLimits
    ) -> ImageError? {
        switch status {
        case CTIFF_OK: nil
        case CTIFF_TRUNCATED: .truncated(.tiff)
        case CTIFF_UNSUPPORTED: .unsupported(.tiff, kind: Words.of(reason))
        case CTIFF_TOO_MUCH_WORK:
            .tooMuchWork(.tiff, height: height, width: width, limit: limits.maxUnpackedBytes)
        case CTIFF_TOO_SLOW: .tooSlow(limit: limits.maxCPUSeconds)
        case CTIFF_NO_MEMORY: .noMemory(height: height, width: width)
        default: .damaged(.tiff, reason: Words.of(reason))
        }
    }
}

extension ImageLimits {
    fileprivate var tiff: ctiff_limits {
        ctiff_limits(max_unpacked: UInt64(clamping: maxUnpackedBytes), max_cpu_seconds: maxCPUSeconds)
    }
}
