/// Bytes that were uploaded and kept under their digest.
public struct Upload: Sendable, Equatable {
    public let sha256: String
    public let sizeBytes: Int

    public init(sha256: String, sizeBytes: Int) {
        self.sha256 = sha256
        self.sizeBytes = sizeBytes
    }
}
