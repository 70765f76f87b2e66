/// A part of a list, and the way to the next part.
public struct Page<Item: Sendable>: Sendable {
    public let items: [Item]
    /// Nil after the last part.
    public let nextPageToken: String?
}
