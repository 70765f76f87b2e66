/// What is odd about a file whose image is whole all the same. Pillow reads these files without a word.
public enum ImageWarning: Sendable, Hashable, CustomStringConvertible {
    /// A scan of a sequential JPEG whose header speaks of a part of the spectrum, as some phones write it.
    case oddScan
    /// Scans of a progressive JPEG that do not build on one another.
    case oddProgression
    /// Bytes before a marker of a JPEG that belong to nothing.
    case strayBytes
    /// A JPEG without its end-of-image marker.
    case noEnd
    /// Bytes behind the end of a JPEG.
    case trailingBytes(Int)
    /// A JPEG of more pixels than are read, decoded at half its sides; sides as stored, before any turn.
    case halved(height: Int, width: Int)
    /// A file with more than one frame or page, of which the first was read.
    case firstOfMany(ImageFormat)

    public var description: String {
        switch self {
        case .oddScan:
            "the JPEG's scan header has parameters of another kind of file; they were ignored, as Pillow does"
        case .oddProgression:
            "the JPEG's progressive scans do not build on one another; the pixels are those that Pillow reads"
        case .strayBytes: "the JPEG has bytes before a marker that belong to nothing; they were passed over"
        case .noEnd: "the JPEG has no end marker; all of its pixels are there"
        case .halved(let height, let width):
            "the JPEG has \(width) × \(height) pixels, more than are read, and was decoded at half its sides, "
                + "\((width + 1) / 2) × \((height + 1) / 2) pixels"
        case .firstOfMany(let format):
            "the \(format) has more than one \(format == .tiff ? "page" : "frame"), and the first was read"
        case .trailingBytes(let count):
            "\(count) \(count == 1 ? "byte follows" : "bytes follow") the JPEG's end and \(count == 1 ? "was" : "were") not read"
        }
    }
}

/// An image with what is odd about its file.
public struct DecodedImage: Sendable, Hashable {
    public let image: Image
    /// None for a file in order.
    public let warnings: [ImageWarning]
}
