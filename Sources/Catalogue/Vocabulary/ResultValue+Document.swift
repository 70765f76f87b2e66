package import Checkpoints
package import FoundationEssentials
import Platform

extension ResultValue {
    /// A time as RFC 3339 writes it, UTC, or null.
    package static func date(_ date: Date?) -> ResultValue { date.map { .string($0.ISO8601Format()) } ?? .null }

    /// A JSON text's value; nil for a text that is none.
    public init?(json text: String) {
        guard let value = try? JSON.parse(Bytes(Array(text.utf8))) else { return nil }
        self.init(value)
    }

    /// The value of a request's body.
    ///
    /// - Throws: `unreadable` with a sentence that names the place.
    public static func parse(_ body: [UInt8]) throws(ServiceError) -> ResultValue {
        do { return ResultValue(try JSON.parse(Bytes(body))) } catch {
            throw .unreadable("The body is not JSON that can be read: \(error).")
        }
    }

    /// The value of a JSON document; no document is deeper than 64 levels.
    package init(_ value: Value) {
        switch value {
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .list(let values): self = .list(values.map(ResultValue.init))
        case .dictionary(let fields):
            self = .object(fields.map { Member($0.key.string ?? "", ResultValue($0.value)) })
        case .none, .bytes, .tensor, .opaque: self = .null
        }
    }

    /// The value as a document, for those who read documents; arrays of numbers are none.
    package var document: Value {
        switch self {
        case .null, .array: .none
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .double(let value): .double(value)
        case .string(let value): .string(value)
        case .list(let values): .list(values.map(\.document))
        case .object(let members): .members(members.map { ($0.name, $0.value.document) })
        }
    }
}

extension ResultValue {
    /// The member called `name` of an object.
    package subscript(name: String) -> ResultValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }
}

extension Value {
    /// The same value with the members of every object sorted by name, so that two requests that say the same are the
    /// same.
    package var sorted: Value {
        switch self {
        case .list(let values): .list(values.map(\.sorted))
        case .dictionary(let fields):
            .members(fields.map { ($0.key.string ?? "", $0.value.sorted) }.sorted { $0.0 < $1.0 })
        case .none, .bool, .int, .double, .string, .bytes, .tensor, .opaque: self
        }
    }
}

extension Value {
    fileprivate static func members(_ members: [(String, Value)]) -> Value {
        .dictionary(ValueDictionary(members.map { (.string($0.0), $0.1) }))
    }
}
