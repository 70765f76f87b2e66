public import Platform

/// The formats that are read. Whatever lists formats (messages, endings in folders, media types, the tests of hostile
/// bytes) takes them from here.
public enum ImageFormat: String, Sendable, CaseIterable, CustomStringConvertible {
    case jpeg, png, webp, tiff, bmp, gif

    /// Its name, as people write it.
    public var description: String { declaration.name }

    /// The media type, as in `Content-Type`.
    public var mediaType: String { "image/\(rawValue)" }

    /// The endings of its files in small letters with their dots, the usual one first.
    public var endings: [String] { declaration.endings }

    /// Whether its files are turned upright whenever they are read: Pillow turns them when it opens them, so torchvision
    /// sees them turned in datasets, too.
    public var isAlwaysTurned: Bool { declaration.isAlwaysTurned }

    /// Their names with commas and an “or”.
    public static var names: String {
        let names = allCases.map(\.description)
        return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }

    /// The format whose files end so, in small letters with the dot; nil for none.
    public init?(ending: String) {
        guard let format = Self.allCases.first(where: { $0.endings.contains(ending) }) else { return nil }
        self = format
    }

    /// Recognizes the format by the first bytes; names and media types are hearsay.
    ///
    /// - Throws: `ImageError` that names what it is instead.
    public init(of bytes: Bytes) throws(ImageError) {
        guard bytes.count > 0 else { throw ImageError.empty }
        let start = bytes.slice(at: 0, count: min(bytes.count, 512))?.array ?? []
        let format = Self.allCases.first { format in
            format.declaration.signatures.contains { $0.isAt(start) }
        }
        guard let format else { throw OtherFile.error(naming: start) }
        self = format
    }

    /// What is to be said of a format.
    private struct Declaration {
        let name: String
        let endings: [String]
        /// Each is enough.
        let signatures: [Signature]
        var isAlwaysTurned = false
    }

    /// Bytes at two places, all of which must be there.
    private struct Signature {
        var first: [UInt8]
        var offset = 0
        /// At `offset`; any of them.
        var others: [[UInt8]] = [[]]

        func isAt(_ start: [UInt8]) -> Bool {
            start.starts(with: first)
                && others.contains { $0.isEmpty || start.dropFirst(offset).starts(with: $0) }
        }
    }

    private var declaration: Declaration {
        switch self {
        case .jpeg:
            Declaration(name: "JPEG", endings: [".jpg", ".jpeg"], signatures: [.init(first: [0xff, 0xd8, 0xff])])
        case .png:
            Declaration(
                name: "PNG", endings: [".png"],
                signatures: [.init(first: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])])
        case .webp:
            Declaration(
                name: "WebP", endings: [".webp"],
                signatures: [.init(first: Array("RIFF".utf8), offset: 8, others: [Array("WEBP".utf8)])])
        case .tiff:
            // Plain and big files, in both orders of bytes.
            Declaration(
                name: "TIFF", endings: [".tif", ".tiff"],
                signatures: ["II*\0", "MM\0*", "II+\0", "MM\0+"].map { .init(first: Array($0.utf8)) },
                isAlwaysTurned: true)
        case .bmp:
            // Two letters begin many texts; the length of the second header comes with them.
            Declaration(
                name: "BMP", endings: [".bmp"],
                signatures: [
                    .init(first: Array("BM".utf8), offset: 14, others: BMPHeader.lengths.map { [$0, 0, 0, 0] })
                ])
        case .gif:
            Declaration(
                name: "GIF", endings: [".gif"],
                signatures: ["GIF87a", "GIF89a"].map { .init(first: Array($0.utf8)) })
        }
    }
}
