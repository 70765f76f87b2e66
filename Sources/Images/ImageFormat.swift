public import Platform

/// The formats that are read.
public enum ImageFormat: String, Sendable, CustomStringConvertible {
    case jpeg, png

    public var description: String { rawValue.uppercased() }

    /// The media type, as in `Content-Type`.
    public var mediaType: String { "image/\(rawValue)" }

    /// Recognizes the format by the first bytes; names and media types are hearsay.
    ///
    /// - Throws: `ImageError` that names what it is instead.
    public init(of bytes: Bytes) throws(ImageError) {
        guard bytes.count > 0 else { throw ImageError.empty }
        let start = bytes.slice(at: 0, count: min(bytes.count, 512))?.array ?? []
        if start.starts(with: [0xff, 0xd8, 0xff]) {
            self = .jpeg
        } else if start.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
            self = .png
        } else {
            throw Self.error(naming: start)
        }
    }

    private static func error(naming start: [UInt8]) -> ImageError {
        for (prefix, offset, name) in otherPictures where start.dropFirst(offset).starts(with: Array(prefix.utf8)) {
            return .otherFormat(found: name)
        }
        if start.dropFirst(4).starts(with: Array("ftyp".utf8)) {
            let brand = String(decoding: start.dropFirst(8).prefix(4), as: UTF8.self)
            if brand.hasPrefix("avi") { return .otherFormat(found: "an AVIF image") }
            if ["heic", "heix", "heim", "heis", "hevc", "mif1", "msf1"].contains(brand) {
                return .otherFormat(found: "a HEIC image")
            }
            return .notAnImage(found: "a video")
        }
        if start.starts(with: [0xff, 0x0a]) || start.starts(with: [0, 0, 0, 12, 0x4a, 0x58, 0x4c, 0x20]) {
            return .otherFormat(found: "a JPEG XL image")
        }
        if start.starts(with: [0, 0, 0, 12, 0x6a, 0x50]) { return .otherFormat(found: "a JPEG 2000 image") }
        for (prefix, name) in otherFiles where start.starts(with: prefix) { return .notAnImage(found: name) }
        // A character cut in two at the end is no reason to doubt the text.
        let text = String(decoding: start, as: UTF8.self)
        let odd = text.unicodeScalars.dropLast(1).contains { scalar in
            scalar.value == 0xfffd || (scalar.value < 32 && !"\t\n\r\u{c}".unicodeScalars.contains(scalar))
        }
        if odd { return .notAnImage(found: "a file of unknown kind") }
        let head = text.drop(while: \.isWhitespace).prefix(200).lowercased()
        if head.contains("<svg") { return .otherFormat(found: "an SVG drawing") }
        if head.hasPrefix("<!doctype html") || head.hasPrefix("<html") { return .notAnImage(found: "an HTML page") }
        return .notAnImage(found: "a text file")
    }

    private static let otherPictures: [(prefix: String, offset: Int, name: String)] = [
        ("GIF87a", 0, "a GIF image"), ("GIF89a", 0, "a GIF image"), ("WEBP", 8, "a WebP image"),
        ("II*\0", 0, "a TIFF image"), ("MM\0*", 0, "a TIFF image"), ("BM", 0, "a BMP image"),
        ("8BPS", 0, "a Photoshop file"), ("qoif", 0, "a QOI image"), ("P5\n", 0, "a PNM image"),
        ("P6\n", 0, "a PNM image"), ("\0\0\u{1}\0", 0, "an icon file"), ("DDS ", 0, "a DDS texture"),
    ]

    private static let otherFiles: [(prefix: [UInt8], name: String)] = [
        (Array("%PDF".utf8), "a PDF document"), ([0x50, 0x4b, 3, 4], "a zip archive or a PyTorch checkpoint"),
        ([0x1f, 0x8b], "a gzip archive"), ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
        ([0x80, 2], "a Python pickle"), ([0x7f] + Array("ELF".utf8), "a program"),
    ]
}
