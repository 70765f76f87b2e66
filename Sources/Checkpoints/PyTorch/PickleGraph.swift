import Platform
import Tensors

/// What a pickle says, before anything is made of it: nodes that point to one another by number.
///
/// Objects are records of what was called with what. Because nothing is nested here, cycles and depth are harmless
/// until `PickleRebuilder` meets them.
struct PickleGraph {
    /// The number of a node.
    typealias Ref = Int

    enum Node {
        case none
        case bool(Bool)
        case int(Int)
        /// An integer beyond 64 bits: its two's complement, little-endian.
        case hugeInt(Bytes)
        case double(Double)
        case text(String)
        case bytes(Bytes)
        /// Python 2's `str`: text to some, bytes to others.
        case byteString(Bytes)
        case sequence(Int)
        case dictionary(Int)
        /// A class or function, "module.name".
        case global(String)
        case object(Int)
        case storage(Int)
    }

    struct Sequence {
        enum Kind { case list, tuple, set, frozenSet }
        let kind: Kind
        var elements: [Ref]
    }

    typealias Items = [(key: Ref, value: Ref)]

    /// A call, and what was done to its result.
    struct Object {
        /// What was called, "module.name".
        let callee: String
        /// A tuple, which other calls may share.
        let arguments: Ref
        var keywords: Ref?
        var elements: [Ref] = []
        var items: Items = []
        var state: Ref?
    }

    /// Numbers that the file keeps outside the pickle.
    struct Storage {
        let key: String
        let dtype: DType
        /// How many numbers.
        let count: Int
        /// How many bytes; `count` times the size of `dtype`.
        let byteCount: Int
        /// Untyped storages count bytes, and their tensors bring the dtype.
        let isUntyped: Bool
    }

    var nodes: [Node] = []
    /// The byte that made each node.
    var origins: [Int] = []
    var sequences: [Sequence] = []
    var dictionaries: [Items] = []
    var objects: [Object] = []
    var storages: [Storage] = []
    /// Globals that ViTScope does not know, in order of appearance.
    var unknownGlobals: [String] = []
    var root: Ref = 0
    /// The byte after the pickle.
    var end = 0

    /// The text of `ref`, where it is text.
    func text(_ ref: Ref) -> String? {
        switch nodes[ref] {
        case .text(let text): text
        case .byteString(let bytes): bytes.utf8String
        default: nil
        }
    }

    /// The elements of `ref`, where it is a tuple.
    func tuple(_ ref: Ref) -> [Ref]? {
        guard case .sequence(let index) = nodes[ref], sequences[index].kind == .tuple else { return nil }
        return sequences[index].elements
    }

    func int(_ ref: Ref) -> Int? { if case .int(let value) = nodes[ref] { value } else { nil } }

    func global(_ ref: Ref) -> String? { if case .global(let name) = nodes[ref] { name } else { nil } }
}
