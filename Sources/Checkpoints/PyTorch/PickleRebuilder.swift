import Platform
import Tensors

/// Turns the graph of a pickle into values: known calls become tensors, dictionaries and numbers, the others opaque.
///
/// Walks with a stack of its own, so that no nesting exhausts the thread's; a value that is shared is made once. What
/// the tree would hold with nothing shared is counted, so that walking it later is cheap as well.
struct PickleRebuilder {
    typealias Ref = PickleGraph.Ref

    /// What a node stands for while rebuilding; most are values already.
    enum Inert {
        case value(Value)
        case storage(Int)
        case global(String)
        case numpyType(NumpyType)
    }

    /// Elements that known calls may copy, in all.
    private static let maximumWork = 1_000_000

    let graph: PickleGraph
    /// The bytes of each of `graph.storages`.
    let storages: [Bytes]
    private var inert: [Inert?]
    private var heights: [Int]
    private var weights: [Int]
    private var isOpen: [Bool]
    /// What Python could not take as a key, because it changes.
    private var isMutable: [Bool]
    private var work = 0
    private var budget = PickleBudget()
    /// Bytes that tensors may still claim; views may share a storage, but not without limit.
    private var claimable: Int

    private init(_ graph: PickleGraph, storages: [Bytes], fileSize: Int) {
        self.graph = graph
        self.storages = storages
        inert = Array(repeating: nil, count: graph.nodes.count)
        heights = Array(repeating: 0, count: graph.nodes.count)
        weights = Array(repeating: 1, count: graph.nodes.count)
        isOpen = Array(repeating: false, count: graph.nodes.count)
        isMutable = Array(repeating: false, count: graph.nodes.count)
        claimable = (fileSize.times(8) ?? Int.max >> 1) + 1 << 20
    }

    /// The value of the whole pickle.
    ///
    /// - Parameters:
    ///   - storages: the bytes of each of the graph's storages, of the size declared.
    ///   - fileSize: what bounds the sum of all tensors, bytes.
    /// - Throws: `CheckpointError` naming the byte that made the node which is wrong.
    static func value(of graph: PickleGraph, storages: [Bytes], fileSize: Int) throws(CheckpointError) -> Value {
        var rebuilder = PickleRebuilder(graph, storages: storages, fileSize: fileSize)
        try rebuilder.walk()
        return rebuilder.value(graph.root)
    }

    /// Makes every node that the root reaches, children first.
    private mutating func walk() throws(CheckpointError) {
        var stack = [graph.root]
        while let ref = stack.last {
            if inert[ref] != nil {
                stack.removeLast()
                continue
            }
            let children = children(of: ref)
            if !isOpen[ref] {
                isOpen[ref] = true
                for child in children where inert[child] == nil {
                    // Only ancestors are open and not yet made.
                    guard !isOpen[child] else { throw .cycle(byte: graph.origins[child]) }
                    stack.append(child)
                }
                continue
            }
            var height = 0, weight = 1
            for child in children {
                height = max(height, heights[child] + 1)
                weight = weight.plus(weights[child]) ?? Int.max
            }
            let byte = graph.origins[ref]
            guard height <= PickleBudget.maximumDepth else {
                throw .tooDeep(limit: PickleBudget.maximumDepth, byte: byte)
            }
            guard weight <= PickleBudget.maximumNodes else {
                throw .overBudget(of: "values", limit: PickleBudget.maximumNodes, byte: byte)
            }
            (heights[ref], weights[ref]) = (height, weight)
            isMutable[ref] = try checkedMutability(of: ref)
            inert[ref] = try make(ref)
            stack.removeLast()
        }
    }

    private func children(of ref: Ref) -> [Ref] {
        switch graph.nodes[ref] {
        case .sequence(let index): return graph.sequences[index].elements
        case .dictionary(let index): return graph.dictionaries[index].flatMap { [$0.key, $0.value] }
        case .object(let index):
            let object = graph.objects[index]
            var children = [object.arguments] + object.elements
            for item in object.items { children += [item.key, item.value] }
            if let keywords = object.keywords { children.append(keywords) }
            if let state = object.state { children.append(state) }
            return children
        default: return []
        }
    }

    /// Whether `ref` is no key of a dictionary and no element of a set, as lists, dictionaries, sets and tuples of them
    /// are; those that it has itself are checked.
    private func checkedMutability(of ref: Ref) throws(CheckpointError) -> Bool {
        func check(_ keys: some Sequence<Ref>) throws(CheckpointError) {
            for key in keys where isMutable[key] {
                throw .badLiteral("key, which Python could not look up,", byte: graph.origins[ref])
            }
        }
        switch graph.nodes[ref] {
        case .sequence(let index):
            let sequence = graph.sequences[index]
            switch sequence.kind {
            case .list: return true
            case .tuple: return sequence.elements.contains { isMutable[$0] }
            case .set, .frozenSet:
                try check(sequence.elements)
                return sequence.kind == .set
            }
        case .dictionary(let index):
            try check(graph.dictionaries[index].lazy.map(\.key))
            return true
        case .object(let index):
            let object = graph.objects[index]
            try check(object.items.lazy.map(\.key))
            switch KnownGlobal(object.callee) {
            case .orderedDictionary, .defaultDictionary, .dictionary: return true
            // Not `frozenset`, `tuple` and `torch.Size`.
            case .sequence: return ["set", "list", "deque"].contains { object.callee.hasSuffix(".\($0)") }
            default: return false
            }
        default: return false
        }
    }

    private mutating func make(_ ref: Ref) throws(CheckpointError) -> Inert {
        switch graph.nodes[ref] {
        case .none: return .value(.none)
        case .bool(let value): return .value(.bool(value))
        case .int(let value): return .value(.int(value))
        case .hugeInt(let bytes): return .value(.opaque(Value.Opaque(name: "int", arguments: [.bytes(bytes)])))
        case .double(let value): return .value(.double(value))
        case .text(let text): return .value(.string(text))
        case .bytes(let bytes): return .value(.bytes(bytes))
        case .byteString(let bytes):
            // Bytes that happen to read as a text that is dear to compare stay bytes.
            guard let text = bytes.utf8String else { return .value(.bytes(bytes)) }
            try budget.spend(characters: bytes.count, at: graph.origins[ref])
            return .value(.string(text))
        case .sequence(let index): return .value(.list(graph.sequences[index].elements.map { value($0) }))
        case .dictionary(let index): return .value(.dictionary(dictionary(graph.dictionaries[index])))
        case .global(let name): return .global(name)
        case .storage(let index): return .storage(index)
        case .object(let index):
            let call = Call(object: graph.objects[index], byte: graph.origins[ref])
            return try call.known == nil ? .value(opaque(call)) : rebuild(call)
        }
    }

    // MARK: What is made already

    /// What was made of `ref`; a child is always made before its parent.
    func made(_ ref: Ref) -> Inert { inert[ref] ?? .value(.none) }

    func value(_ ref: Ref) -> Value {
        switch made(ref) {
        case .value(let value): return value
        case .storage(let index):
            return .opaque(Value.Opaque(name: "a storage", arguments: [.string(graph.storages[index].key)]))
        case .global(let name):
            // A dtype is data, and everybody writes it so.
            if case .dtype = KnownGlobal(name) { return .string(name) }
            return .opaque(Value.Opaque(name: name))
        case .numpyType(let type): return .string(type.name)
        }
    }

    func dictionary(_ items: PickleGraph.Items) -> ValueDictionary {
        ValueDictionary(items.map { (key: value($0.key), value: value($0.value)) })
    }

    // MARK: Budgets

    mutating func spend(work count: Int, at byte: Int) throws(CheckpointError) {
        guard let total = work.plus(count), total <= Self.maximumWork else {
            throw .overBudget(of: "copied values", limit: Self.maximumWork, byte: byte)
        }
        work = total
    }

    mutating func spend(characters count: Int, at byte: Int) throws(CheckpointError) {
        try budget.spend(characters: count, at: byte)
    }

    /// Counts the bytes that a tensor would take if it were copied out.
    mutating func claim(bytes count: Int, at byte: Int) throws(CheckpointError) {
        guard count <= claimable else {
            throw .overBudget(of: "times the file's size in tensors that share memory", limit: 8, byte: byte)
        }
        claimable -= count
    }

    // MARK: Objects that are not ours

    /// A call with the byte it came from.
    struct Call {
        let object: PickleGraph.Object
        let byte: Int
        let known: KnownGlobal?

        init(object: PickleGraph.Object, byte: Int) {
            self.object = object
            self.byte = byte
            known = KnownGlobal(object.callee)
        }

        /// The call's arguments are not what they must be.
        var fault: CheckpointError { .badCall(object.callee, byte: byte) }

        /// Nothing was done to the result.
        var isPlain: Bool { object.elements.isEmpty && object.items.isEmpty && object.state == nil }
    }

    /// The inert record of `call`, under another name where `name` says so.
    mutating func opaque(_ call: Call, name: String? = nil) throws(CheckpointError) -> Value {
        let object = call.object
        var fields = dictionary(object.items)
        var state = Value.none
        if let ref = object.state {
            state = value(ref)
            // Attributes are a dictionary, or with slots a pair of a dictionary or None and a dictionary.
            var attributes = [state]
            if case .list(let pair) = state, pair.count == 2, pair.allSatisfy({ $0.isNone || $0.dictionary != nil }) {
                attributes = pair
            }
            for case .dictionary(let dictionary) in attributes {
                try spend(work: dictionary.count, at: call.byte)
                for (key, value) in dictionary where key.string.flatMap({ fields[$0] }) == nil {
                    fields.set(key, to: value)
                }
                state = .none
            }
        }
        var arguments = value(object.arguments).array ?? []
        if let keywords = object.keywords {
            try spend(work: arguments.count, at: call.byte)
            arguments.append(value(keywords))
        }
        return .opaque(
            Value.Opaque(
                name: name ?? object.callee, arguments: arguments, elements: object.elements.map { value($0) },
                fields: fields, state: state))
    }
}
