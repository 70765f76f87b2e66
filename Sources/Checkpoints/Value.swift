public import Platform
public import Tensors

/// What a checkpoint holds, as data: the object tree of a pickle, or the JSON beside the weights.
///
/// No tree is deeper than 64 levels, so that walking and freeing it by recursion is safe.
public enum Value: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case bytes(Bytes)
    /// A list, a tuple or a set.
    case list([Value])
    /// In the order of insertion.
    case dictionary(ValueDictionary)
    indirect case tensor(StateDict.Entry)
    /// An object of a class that is not ours to build, or the class itself.
    indirect case opaque(Opaque)

    /// The inert record of an object: its class's name and the data it was made of. Nothing of it ever ran.
    public struct Opaque: Sendable {
        /// The class, such as "argparse.Namespace".
        public let name: String
        /// What the constructor would have been called with.
        public let arguments: [Value]
        /// The elements of a subclass of list.
        public let elements: [Value]
        /// The items of a subclass of dict, such as yacs's `CfgNode`, and the attributes, such as `Namespace`'s.
        public let fields: ValueDictionary
        /// A state that is no dictionary of attributes; `.none` otherwise.
        public let state: Value

        public init(
            name: String, arguments: [Value] = [], elements: [Value] = [], fields: ValueDictionary = ValueDictionary(),
            state: Value = .none
        ) {
            self.name = name
            self.arguments = arguments
            self.elements = elements
            self.fields = fields
            self.state = state
        }
    }
}

extension Value {
    /// The value at `key` of a dictionary, or the field `key` of an opaque object.
    public subscript(key: String) -> Value? { fields?[key] }

    /// The element at `index` of a list, nil outside of it.
    public subscript(index: Int) -> Value? {
        guard case .list(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// The items of a dictionary, or the fields of an opaque object.
    public var fields: ValueDictionary? {
        switch self {
        case .dictionary(let dictionary): dictionary
        case .opaque(let object): object.fields
        default: nil
        }
    }

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

    /// The elements of a list, tuple or set.
    public var array: [Value]? { if case .list(let elements) = self { elements } else { nil } }

    public var dictionary: ValueDictionary? { if case .dictionary(let value) = self { value } else { nil } }

    public var tensor: StateDict.Entry? { if case .tensor(let entry) = self { entry } else { nil } }

    public var opaque: Opaque? { if case .opaque(let object) = self { object } else { nil } }

    public var isNone: Bool { if case .none = self { true } else { false } }
}
