/// Why a number is missing.
public struct Reason: Sendable, Hashable, Codable {
    /// What is missing, as a JSON pointer into the answer.
    public let pointer: String
    /// A sentence for the user.
    public let reason: String

    public init(pointer: String, reason: String) {
        self.pointer = pointer
        self.reason = reason
    }
}
