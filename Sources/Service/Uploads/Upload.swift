/// Bytes that were uploaded and kept under their digest.
public struct Upload: Sendable, Equatable {
    public let sha256: String
    public let sizeBytes: Int
}
