/// How often a cache helped, and how much it holds.
public struct CacheCounts: Sendable, Equatable, Codable {
    public var hits = 0
    public var misses = 0
    /// Memory of what is kept, bytes.
    public var bytes = 0

    package init(hits: Int = 0, misses: Int = 0, bytes: Int = 0) {
        self.hits = hits
        self.misses = misses
        self.bytes = bytes
    }
}
