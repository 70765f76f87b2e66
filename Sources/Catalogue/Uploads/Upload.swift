/// Bytes that were uploaded and kept under their digest.
public struct Upload: Sendable, Equatable {
    public let sha256: String
    public let sizeBytes: Int
    /// Whether it was not there before.
    public var isNew = false

    public init(sha256: String, sizeBytes: Int, isNew: Bool = false) {
        self.sha256 = sha256
        self.sizeBytes = sizeBytes
        self.isNew = isNew
    }
}
