/// Names what a file is that is not read as an image.
enum OtherFile {
    /// The error for a file that begins with `start`.
    static func error(naming start: [UInt8]) -> ImageError {
        for (prefix, name) in otherPictures where start.starts(with: Array(prefix.utf8)) {
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

    private static let otherPictures: [(prefix: String, name: String)] = [
        ("8BPS", "a Photoshop file"), ("qoif", "a QOI image"), ("P5\n", "a PNM image"), ("P6\n", "a PNM image"),
        ("\0\0\u{1}\0", "an icon file"), ("DDS ", "a DDS texture"),
    ]

    private static let otherFiles: [(prefix: [UInt8], name: String)] = [
        (Array("%PDF".utf8), "a PDF document"), ([0x50, 0x4b, 3, 4], "a zip archive or a PyTorch checkpoint"),
        ([0x1f, 0x8b], "a gzip archive"), ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
        ([0x80, 2], "a Python pickle"), ([0x7f] + Array("ELF".utf8), "a program"),
    ]
}
