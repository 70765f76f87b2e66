import Platform

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
        let size = try limits.size(ofPage: size)
        var start = 0
        if let token {
            guard let offset = Self.offset(token), offset <= list.count else {
                throw .pageToken(token)
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

extension ServiceLimits {
    /// How many items a page has for which `size` was asked.
    ///
    /// - Throws: `ServiceError.invalid` for a size that is none.
    package func size(ofPage size: Int?) throws(ServiceError) -> Int {
        let size = size ?? defaultPageSize
        guard (1...pageSize).contains(size) else {
            throw .invalid("/page_size", "page_size is a whole number from 1 to \(pageSize).")
        }
        return size
    }
}

extension ServiceError {
    /// A page token that is none.
    package static func pageToken(_ token: String) -> ServiceError {
        .unreadable("“\(token.shortened)” is no page token. Take next_page_token from the page before, as it is.")
    }
}
