/// A part of a list, and the way to the next part.
public struct Page<Item: Sendable>: Sendable {
    public let items: [Item]
    /// Nil after the last part.
    public let nextPageToken: String?

    package init(items: [Item], nextPageToken: String?) {
        self.items = items
        self.nextPageToken = nextPageToken
    }
}

extension Page {
    /// The part of `list` that a token stands for.
    ///
    /// - Throws: `ServiceError.invalid` for a size that is none, `unreadable` for a token that is none.
    package init(_ list: [Item], size: Int?, token: String?, limits: ServiceLimits) throws(ServiceError) {
        let size = size ?? limits.defaultPageSize
        guard (1...limits.pageSize).contains(size) else {
            throw .invalid("/page_size", "page_size is a whole number from 1 to \(limits.pageSize).")
        }
        var start = 0
        if let token {
            guard let offset = Self.offset(token), offset <= list.count else {
                throw .unreadable(
                    "“\(token.shortened)” is no page token. Take next_page_token from the page before, as it is.")
            }
            start = offset
        }
        let end = min(start + size, list.count)
        self.init(items: Array(list[start..<end]), nextPageToken: end < list.count ? "o\(end)" : nil)
    }

    private static func offset(_ token: String) -> Int? {
        guard token.hasPrefix("o"), let offset = Int(token.dropFirst()), offset >= 0 else { return nil }
        return offset
    }
}
