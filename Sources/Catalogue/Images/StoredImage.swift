import Images

/// An image that the service knows by the digest of its bytes as they were sent.
public struct StoredImage: Sendable, Equatable {
    /// `sha256:…`
    public let id: String
    /// As shown, after the EXIF orientation, pixels.
    public let width: Int
    public let height: Int
    /// What is odd about the file although its image is whole, sentences.
    public let warnings: [String]
    /// Whether these bytes came for the first time.
    public let isNew: Bool
    /// The media types of the files that are read.
    public static let mediaTypes = ImageFormat.allCases.map(\.mediaType)
    /// Their formats in words.
    public static let formats = ImageFormat.names

    public init(id: String, width: Int, height: Int, warnings: [String] = [], isNew: Bool) {
        self.id = id
        self.width = width
        self.height = height
        self.warnings = warnings
        self.isNew = isNew
    }
}

/// Bytes with their media type.
public struct EncodedFile: Sendable, Equatable {
    public let bytes: [UInt8]
    public let mediaType: String
    /// The usual ending of such a file with its dot; nothing for what is no image.
    public var ending: String {
        ImageFormat.allCases.first { $0.mediaType == mediaType }?.endings.first ?? ""
    }

    public init(bytes: [UInt8], mediaType: String) {
        self.bytes = bytes
        self.mediaType = mediaType
    }
}
