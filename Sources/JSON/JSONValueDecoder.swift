extension JSONValue {
    /// The value as a `Decodable` type, for files that this program writes itself. A `JSONValue` inside stays as it is, its
    /// members in their order.
    ///
    /// - Throws: `DecodingError` where it is not one.
    package func decoded<T: Decodable>(as type: T.Type = T.self) throws -> T {
        try JSONValueDecoder(value: self, codingPath: []).read(type)
    }
}

extension JSONValue: Decodable {
    /// Only out of another `JSONValue`, because other decoders lose the order of members.
    public init(from decoder: any Decoder) throws {
        guard let own = decoder as? JSONValueDecoder else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "A JSONValue is read out of a JSONValue alone.")
            )
        }
        self = own.value
    }
}

/// Reads `Decodable` types out of a value.
struct JSONValueDecoder: Decoder {
    let value: JSONValue
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let members = value.object else { throw mismatch([String: String].self, "an object") }
        return KeyedDecodingContainer(Keyed(members: members, decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = value.list else { throw mismatch([String].self, "a list") }
        return Unkeyed(elements: elements, decoder: self)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { Single(decoder: self) }

    /// A simple value at once, everything else by its own initializer.
    func read<T: Decodable>(_ type: T.Type) throws -> T {
        guard SimpleTypes.contain(type) else { return try T(from: self) }
        guard let found = value.simple(type) else { throw mismatch(type, "\(type)") }
        return found
    }

    fileprivate func inner(_ value: JSONValue, _ key: any CodingKey) -> JSONValueDecoder {
        JSONValueDecoder(value: value, codingPath: codingPath + [key])
    }

    private func mismatch<T>(_ type: T.Type, _ wanted: String) -> DecodingError {
        let place = codingPath.map(\.stringValue).joined(separator: ".")
        return .typeMismatch(
            type,
            .init(codingPath: codingPath, debugDescription: "\(place.isEmpty ? "The value" : place) is not \(wanted)."))
    }
}

extension JSONValueDecoder {
    private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let members: [JSONValue.Member]
        let decoder: JSONValueDecoder

        var codingPath: [any CodingKey] { decoder.codingPath }
        var allKeys: [Key] { members.compactMap { Key(stringValue: $0.name) } }

        func contains(_ key: Key) -> Bool { decoder.value[key.stringValue] != nil }

        func decodeNil(forKey key: Key) throws -> Bool { try value(of: key).isNull }

        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            let value = try value(of: key)
            // A place is written down where there is something to tell of it.
            if let simple = value.simple(type) { return simple }
            return try decoder.inner(value, key).read(type)
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> { try inner(key).container(keyedBy: type) }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try inner(key).unkeyedContainer()
        }

        func superDecoder() -> any Decoder { decoder }

        func superDecoder(forKey key: Key) throws -> any Decoder { try inner(key) }

        private func inner(_ key: Key) throws -> JSONValueDecoder { decoder.inner(try value(of: key), key) }

        private func value(of key: Key) throws -> JSONValue {
            guard let value = decoder.value[key.stringValue] else {
                throw DecodingError.keyNotFound(
                    key, .init(codingPath: codingPath, debugDescription: "There is no “\(key.stringValue)”."))
            }
            return value
        }
    }

    private struct Unkeyed: UnkeyedDecodingContainer {
        let elements: [JSONValue]
        let decoder: JSONValueDecoder
        private(set) var currentIndex = 0

        init(elements: [JSONValue], decoder: JSONValueDecoder) {
            self.elements = elements
            self.decoder = decoder
        }

        var codingPath: [any CodingKey] { decoder.codingPath }
        var count: Int? { elements.count }
        var isAtEnd: Bool { currentIndex == elements.count }

        mutating func decodeNil() throws -> Bool {
            guard !isAtEnd, elements[currentIndex].isNull else { return false }
            currentIndex += 1
            return true
        }

        mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
            if !isAtEnd, let simple = elements[currentIndex].simple(type) {
                currentIndex += 1
                return simple
            }
            return try next().read(type)
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }

        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }

        mutating func superDecoder() throws -> any Decoder { try next() }

        private mutating func next() throws -> JSONValueDecoder {
            let key = JSONIndexKey(currentIndex)
            guard !isAtEnd else {
                throw DecodingError.valueNotFound(
                    JSONValue.self, .init(codingPath: codingPath + [key], debugDescription: "The list ends before."))
            }
            currentIndex += 1
            return decoder.inner(elements[key.index], key)
        }
    }

    private struct Single: SingleValueDecodingContainer {
        let decoder: JSONValueDecoder

        var codingPath: [any CodingKey] { decoder.codingPath }

        func decodeNil() -> Bool { decoder.value.isNull }

        func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.read(type) }
    }
}

extension JSONValue {
    /// The value as a type without parts; nil for any other type, and where it is not one.
    fileprivate func simple<T: Decodable>(_ type: T.Type) -> T? {
        guard SimpleTypes.contain(type) else { return nil }
        switch type {
        case is String.Type: return string as? T
        case is Int.Type: return int as? T
        case is Bool.Type: return bool as? T
        case is Double.Type: return double as? T
        case is Float.Type: return double.map { Float($0) } as? T
        case is JSONValue.Type: return self as? T
        case let integer as any (FixedWidthInteger & Decodable).Type:
            return int.flatMap { integer.init(exactly: $0) } as? T
        default: return nil
        }
    }
}

/// The place of an element in a list, as the coding machinery names places.
struct JSONIndexKey: CodingKey {
    let index: Int

    init(_ index: Int) { self.index = index }

    init?(intValue: Int) { self.init(intValue) }

    init?(stringValue: String) { nil }

    var intValue: Int? { index }
    var stringValue: String { "\(index)" }
}
