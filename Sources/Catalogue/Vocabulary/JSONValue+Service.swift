package import FoundationEssentials
public import JSON

extension JSONValue {
    /// A time as RFC 3339 writes it, UTC, or null.
    package static func date(_ date: Date?) -> JSONValue { date.map { .string($0.ISO8601Format()) } ?? .null }

    /// The value of a request's body.
    ///
    /// - Throws: `unreadable` with a sentence that names the place.
    public static func body(_ bytes: [UInt8]) throws(ServiceError) -> JSONValue {
        do { return try parse(bytes) } catch {
            throw .unreadable("The body is not JSON that can be read: \(error).")
        }
    }

    /// The same value with the members of every object sorted by name, so that two requests that say the same are the
    /// same.
    package var sorted: JSONValue {
        switch self {
        case .list(let values): .list(values.map(\.sorted))
        case .object(let fields):
            .object(fields.map { .init($0.name, $0.value.sorted) }.sorted { $0.name < $1.name })
        case .null, .bool, .int, .double, .string, .array: self
        }
    }
}
