/// One thing wrong with what was asked.
public struct Fault: Sendable, Equatable, Codable {
    /// A JSON pointer into the body (`/moco/dim`); for a query, the parameter as if it were a member (`/layers`).
    public let pointer: String
    /// A sentence to act on.
    public let detail: String

    public init(pointer: String, detail: String) {
        self.pointer = pointer
        self.detail = detail
    }
}
