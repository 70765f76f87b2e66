/// A JSON value. Objects keep the order of their members, and large arrays of numbers stay arrays of numbers.
///
/// A parsed value is never deeper than 64 levels, so walking it by recursion is safe.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case int(Int)
    /// Written as null where it is not finite.
    case double(Double)
    case string(String)
    case list([JSONValue])
    case object([Member])
    /// Written as nested lists of numbers; the parser never makes one.
    indirect case array(NamedArray)

    /// A member of an object.
    public struct Member: Sendable, Equatable {
        public let name: String
        public var value: JSONValue

        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }
}

extension JSONValue {
    /// The value of the member called `key`, compared byte by byte; nil for anything but an object that has it.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        let wanted = key.utf8
        return members.first { $0.name.utf8.count == wanted.count && $0.name.utf8.elementsEqual(wanted) }?.value
    }

    /// The element at `index` of a list, nil outside of it.
    public subscript(index: Int) -> JSONValue? {
        guard case .list(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    public var isNull: Bool { self == .null }

    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// An integer, or a floating-point number that is one.
    public var int: Int? {
        switch self {
        case .int(let value): value
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }

    /// A floating-point number, or an integer as one.
    public var double: Double? {
        switch self {
        case .double(let value): value
        case .int(let value): Double(value)
        default: nil
        }
    }

    public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// The elements of a list.
    public var list: [JSONValue]? { if case .list(let elements) = self { elements } else { nil } }

    /// The members of an object, in order.
    public var object: [Member]? { if case .object(let members) = self { members } else { nil } }

    /// An array of numbers.
    public var array: NamedArray? { if case .array(let array) = self { array } else { nil } }
}

extension JSONValue {
    /// A list of texts.
    public static func strings(_ texts: [String]) -> JSONValue { .list(texts.map(JSONValue.string)) }

    /// A list of whole numbers.
    public static func ints(_ numbers: [Int]) -> JSONValue { .list(numbers.map(JSONValue.int)) }

    /// A list of numbers.
    public static func doubles(_ numbers: [Double]) -> JSONValue { .list(numbers.map(JSONValue.double)) }

    /// A text, or null for nil.
    public static func optional(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }

    /// A number, or null for nil.
    public static func optional(_ number: Int?) -> JSONValue { number.map(JSONValue.int) ?? .null }
}
