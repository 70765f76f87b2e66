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
        if case .members = tree.content {} else { tree.content = .members([]) }
        return KeyedEncodingContainer(Keyed(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        tree.content = .elements([])
        return Unkeyed(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(encoder: self) }

    /// A simple value at once, everything else by its own method.
    func write<T: Encodable>(_ value: T) throws {
        switch value {
        case let value as Bool: tree.content = .value(.bool(value))
        case let value as String: tree.content = .value(.string(value))
        case let value as Double: tree.content = .value(.double(value))
        case let value as Float: tree.content = .value(.double(Double(value)))
        case let value as any FixedWidthInteger:
            guard let number = Int(exactly: value) else {
                throw EncodingError.invalidValue(
                    value, .init(codingPath: codingPath, debugDescription: "\(value) is too large for JSON."))
            }
            tree.content = .value(.int(number))
        default: try value.encode(to: self)
        }
    }

    fileprivate func member(_ key: any CodingKey) -> JSONValueEncoder {
        let inner = JSONValueEncoder(codingPath: codingPath + [key])
        if case .members(let members) = tree.content {
            tree.content = .members(members.filter { $0.name != key.stringValue } + [(key.stringValue, inner.tree)])
        }
        return inner
    }

    fileprivate func element() -> JSONValueEncoder {
        guard case .elements(let elements) = tree.content else { return self }
        let inner = JSONValueEncoder(codingPath: codingPath + [JSONIndexKey(elements.count)])
        tree.content = .elements(elements + [inner.tree])
        return inner
    }
}

/// A value in the making. A class because whoever writes a part of it holds that part alone.
final class JSONTree {
    enum Content {
        case value(JSONValue)
        case members([(name: String, tree: JSONTree)])
        case elements([JSONTree])
    }

    var content = Content.value(.null)

    var value: JSONValue {
        switch content {
        case .value(let value): value
        case .members(let members): .object(members.map { .init($0.name, $0.tree.value) })
        case .elements(let elements): .list(elements.map(\.value))
        }
    }
}

extension JSONValueEncoder {
    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let encoder: JSONValueEncoder

        var codingPath: [any CodingKey] { encoder.codingPath }

        func encodeNil(forKey key: Key) { encoder.member(key).tree.content = .value(.null) }

        func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try encoder.member(key).write(value) }

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
        var count: Int { if case .elements(let elements) = encoder.tree.content { elements.count } else { 0 } }

        func encodeNil() { encoder.element().tree.content = .value(.null) }

        func encode<T: Encodable>(_ value: T) throws { try encoder.element().write(value) }

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
