import Platform

/// A dictionary in the order of insertion, whose keys may be of any kind, as Python's may. Texts are equal to the byte.
public struct ValueDictionary: Sendable, RandomAccessCollection {
    public typealias Element = (key: Value, value: Value)

    private var pairs: [Element] = []
    private var positions: [Key: Int] = [:]

    public init() {}

    /// The pairs in order; where a key comes again, its later value takes the earlier place, as in Python.
    public init(_ pairs: some Sequence<Element>) {
        for pair in pairs { set(pair.key, to: pair.value) }
    }

    public var startIndex: Int { pairs.startIndex }
    public var endIndex: Int { pairs.endIndex }
    public subscript(position: Int) -> Element { pairs[position] }

    /// The value at a text key.
    public subscript(key: String) -> Value? { positions[.string(ExactText(key))].map { pairs[$0].value } }

    /// The value at an integer key.
    public subscript(key key: Int) -> Value? { positions[.int(key)].map { pairs[$0].value } }

    /// The keys that are text, in order.
    public var names: [String] { pairs.compactMap { $0.key.string } }

    mutating func set(_ key: Value, to value: Value) {
        // Tuples, objects and the like are not looked up, so two equal ones do no harm.
        if let hashed = Key(key) {
            if let position = positions[hashed] {
                pairs[position].value = value
                return
            }
            positions[hashed] = pairs.count
        }
        pairs.append((key, value))
    }

    private enum Key: Hashable {
        case none, bool(Bool), int(Int), string(ExactText)

        init?(_ value: Value) {
            switch value {
            case .none: self = .none
            case .bool(let bool): self = .bool(bool)
            case .int(let int): self = .int(int)
            case .string(let string): self = .string(ExactText(string))
            default: return nil
            }
        }
    }
}
