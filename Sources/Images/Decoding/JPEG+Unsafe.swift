import CJPEG
import Platform

/// JPEG pixels by libjpeg-turbo.
enum JPEG {
    /// Decodes the file whose header has been read and found within `limits`.
    static func decode(_ bytes: Bytes, _ header: ImageHeader, limits: ImageLimits) throws(ImageError) -> DecodedImage {
        var report = cjpeg_report()
        let (height, width, reduction) = (header.height, header.width, header.reduction)
        // libjpeg rounds up.
        let rows = (height + reduction - 1) / reduction, columns = (width + reduction - 1) / reduction
        let image = try Image(height: rows, width: columns) { (target) throws(ImageError) in
            var reason = [CChar](repeating: 0, count: Int(CJPEG_REASON_SIZE))
            let status = bytes.withUnsafeBytes { source in
                cjpeg_read_rgb(
                    target.baseAddress, &reason, &report, source.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    source.count, UInt32(width), UInt32(height), UInt32(reduction),
                    limits.jpeg(pixelBytes: target.count))
            }
            let words = Words.of(reason)
            switch status {
            case CJPEG_OK: return
            case CJPEG_TRUNCATED: throw ImageError.truncated(.jpeg)
            case CJPEG_UNSUPPORTED: throw ImageError.unsupported(.jpeg, kind: words)
            case CJPEG_TOO_MANY_SCANS: throw ImageError.tooManyScans(limit: limits.maxScans)
            case CJPEG_TOO_MUCH_WORK:
                throw ImageError.tooMuchWork(.jpeg, height: height, width: width, limit: limits.maxScanPixels)
            case CJPEG_TOO_MUCH_ARITHMETIC:
                throw ImageError.unsupported(
                    .jpeg, kind: "arithmetic coding of \(width) × \(height) pixels, which takes too long")
            case CJPEG_TOO_SLOW: throw ImageError.tooSlow(limit: limits.maxCPUSeconds)
            case CJPEG_NO_MEMORY: throw ImageError.noMemory(height: height, width: width)
            default: throw ImageError.damaged(.jpeg, reason: words)
            }
        }
        let halved: [ImageWarning] = reduction > 1 ? [.halved(height: height, width: width)] : []
        return DecodedImage(image: image, warnings: halved + warnings(report))
    }

    private static func warnings(_ report: cjpeg_report) -> [ImageWarning] {
        let oddities: [(cjpeg_oddity, ImageWarning)] = [
            (CJPEG_ODD_SCAN, .oddScan), (CJPEG_ODD_PROGRESSION, .oddProgression), (CJPEG_STRAY_BYTES, .strayBytes),
            (CJPEG_NO_END, .noEnd),
        ]
        let found = oddities.filter { report.oddities & $0.0.rawValue != 0 }.map(\.1)
        return report.trailing > 0 ? found + [.trailingBytes(Int(clamping: report.trailing))] : found
    }
}

extension ImageLimits {
    fileprivate func jpeg(pixelBytes: Int) -> cjpeg_limits {
        // Zero would be no limit for the library.
        cjpeg_limits(
            max_scans: Int32(clamping: maxScans), max_work: UInt64(clamping: maxScanPixels),
            max_memory: max(maxMemory - pixelBytes, 1), max_cpu_seconds: maxCPUSeconds)
    }
}
