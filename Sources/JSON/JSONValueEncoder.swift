extension JSONValue {
    /// The value of an `Encodable` type, for files that this program writes itself: members in the order in which the type
    /// names them.
    ///
    /// - Throws: what the type throws, and `EncodingError` for a whole number beyond 64 bits.
    package init(encoding value: some Encodable) throws {
        let encoder = JSONValueEncoder(codingPath: [])
        try encoder.write(value)
        self = encoder.tree.value
    }
}

extension JSONValue: Encodable {
    /// Only into another `JSONValue`, because other encoders lose the order of members.
    public func encode(to encoder: any Encoder) throws {
        guard let own = encoder as? JSONValueEncoder else {
            throw EncodingError.invalidValue(
                self, .init(codingPath: encoder.codingPath, debugDescription: "A JSONValue is written into one alone."))
        }
        own.tree.content = .value(self)
    }
}

/// Writes `Encodable` types as a value.
struct JSONValueEncoder: Encoder {
    let codingPath: [any CodingKey]
    let tree = JSONTree()
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        tree.content = .members
        return KeyedEncodingContainer(Keyed(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        tree.content = .elements
        return Unkeyed(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(encoder: self) }

    /// A simple value at once, everything else by its own method.
    func write<T: Encodable>(_ value: T) throws {
        if let simple = try simple(value) { tree.content = .value(simple) } else { try value.encode(to: self) }
    }

    /// The JSON of a value that has no parts; nil for any other.
    fileprivate func simple<T: Encodable>(_ value: T) throws -> JSONValue? {
        guard SimpleTypes.contain(T.self) else { return nil }
        switch value {
        case let value as String: return .string(value)
        case let value as Int: return .int(value)
        case let value as Bool: return .bool(value)
        case let value as Double: return .double(value)
        case let value as Float: return .double(Double(value))
        case let value as JSONValue: return value
        case let value as any FixedWidthInteger:
            guard let number = Int(exactly: value) else {
                throw EncodingError.invalidValue(
                    value, .init(codingPath: codingPath, debugDescription: "\(value) is too large for JSON."))
            }
            return .int(number)
        default: return nil
        }
    }

    /// Adds a member; a key is written once.
    fileprivate func add(_ value: JSONValue, _ key: any CodingKey) { tree.add(.value(value), named: key.stringValue) }

    /// Adds an element.
    fileprivate func add(_ value: JSONValue) { tree.add(.value(value)) }

    /// Adds a member that has parts, and writes them.
    fileprivate func member(_ key: any CodingKey) -> JSONValueEncoder {
        let inner = JSONValueEncoder(codingPath: codingPath + [key])
        tree.add(.tree(inner.tree), named: key.stringValue)
        return inner
    }

    /// Adds an element that has parts, and writes them.
    fileprivate func element() -> JSONValueEncoder {
        let inner = JSONValueEncoder(codingPath: codingPath + [JSONIndexKey(tree.count)])
        tree.add(.tree(inner.tree))
        return inner
    }
}

/// A value in the making. A class because whoever writes a part of it holds that part alone.
final class JSONTree {
    enum Part {
        case value(JSONValue)
        case tree(JSONTree)

        fileprivate var value: JSONValue {
            switch self {
            case .value(let value): value
            case .tree(let tree): tree.value
            }
        }
    }

    enum Content {
        case value(JSONValue)
        case members
        case elements
    }

    var content = Content.value(.null)
    private var members: [(name: String, part: Part)] = []
    private var elements: [Part] = []

    var count: Int { elements.count }

    func add(_ part: Part, named name: String) { members.append((name, part)) }

    func add(_ part: Part) { elements.append(part) }

    var value: JSONValue {
        switch content {
        case .value(let value): value
        case .members: .object(members.map { .init($0.name, $0.part.value) })
        case .elements: .list(elements.map(\.value))
        }
    }
}

extension JSONValueEncoder {
    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let encoder: JSONValueEncoder

        var codingPath: [any CodingKey] { encoder.codingPath }

        func encodeNil(forKey key: Key) { encoder.add(.null, key) }

        func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
            if let simple = try encoder.simple(value) { return encoder.add(simple, key) }
            try value.encode(to: encoder.member(key))
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) -> KeyedEncodingContainer<Nested> { encoder.member(key).container(keyedBy: type) }

        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            encoder.member(key).unkeyedContainer()
        }

        func superEncoder() -> any Encoder { encoder }

        func superEncoder(forKey key: Key) -> any Encoder { encoder.member(key) }
    }

    private struct Unkeyed: UnkeyedEncodingContainer {
        let encoder: JSONValueEncoder

        var codingPath: [any CodingKey] { encoder.codingPath }
        var count: Int { encoder.tree.count }

        func encodeNil() { encoder.add(.null) }

        func encode<T: Encodable>(_ value: T) throws {
            if let simple = try encoder.simple(value) { return encoder.add(simple) }
            try value.encode(to: encoder.element())
        }

        func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
            encoder.element().container(keyedBy: type)
        }

        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder.element().unkeyedContainer() }

        func superEncoder() -> any Encoder { encoder.element() }
    }

    private struct Single: SingleValueEncodingContainer {
        let encoder: JSONValueEncoder

        var codingPath: [any CodingKey] { encoder.codingPath }

        func encodeNil() { encoder.tree.content = .value(.null) }

        func encode<T: Encodable>(_ value: T) throws { try encoder.write(value) }
    }
}
