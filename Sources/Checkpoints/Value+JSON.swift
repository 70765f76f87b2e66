import JSON
import Platform

extension Value {
    /// A JSON document as the hints of a pickle are.
    init(_ value: JSONValue) {
        switch value {
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .list(let values): self = .list(values.map(Value.init))
        case .object(let members):
            self = .dictionary(ValueDictionary(members.map { (.string($0.name), Value($0.value)) }))
        case .null, .array: self = .none
        }
    }

    /// The JSON document in `bytes`, a part of a checkpoint.
    static func json(_ bytes: Bytes) throws(CheckpointError) -> JSONValue {
        do throws(JSONError) { return try JSONValue.parse(bytes) } catch { throw CheckpointError(error) }
    }
}

extension CheckpointError {
    /// The same in a checkpoint's words.
    fileprivate init(_ error: JSONError) {
        switch error {
        case .malformed(let expected, let byte): self = .badJSON(expected: expected, byte: byte)
        case .duplicateKey(let key, let byte): self = .duplicateKey(key, byte: byte)
        case .tooDeep(let limit, let byte): self = .tooDeep(limit: limit, byte: byte)
        case .tooManyValues(let limit, let byte): self = .overBudget(of: "JSON values", limit: limit, byte: byte)
        case .keyTooLong(let limit, let byte): self = .nameTooLong(limit: limit, byte: byte)
        case .tooManyMarks(let byte): self = .tooManyMarks(byte: byte)
        case .tooLarge(let count, let limit): self = .headerTooLarge(count: count, limit: limit)
        case .notUTF8: self = .notUTF8(part: "the JSON")
        }
    }
}
