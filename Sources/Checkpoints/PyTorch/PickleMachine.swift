import JSON
import Platform
import Tensors

/// Reads the instructions of a pickle and records what they say; runs nothing.
///
/// A call becomes a record of its name and arguments, whatever the name. Every instruction checks what it finds on the
/// stack. Source: CPython's `pickletools`, whose description of each opcode this follows.
struct PickleMachine {
    typealias Ref = PickleGraph.Ref

    var cursor: Cursor
    var graph = PickleGraph()
    var budget = PickleBudget()
    private var stack: [Ref] = []
    /// Where the stack began when each mark was set; nothing reaches below the last.
    private var marks: [Int] = []
    private var memo: [Int: Ref] = [:]
    /// Where the instruction being read begins.
    private(set) var start = 0
    private(set) var opcode = PickleOpcode.stop
    private var known: Set<String> = []

    private init(_ cursor: Cursor) { self.cursor = cursor }

    /// The pickle that begins at `offset`.
    ///
    /// - Throws: `CheckpointError` naming the byte of the instruction that is wrong.
    static func read(_ bytes: Bytes, from offset: Int = 0) throws(CheckpointError) -> PickleGraph {
        var machine = PickleMachine(Cursor(bytes, part: "the pickle", from: offset))
        while try machine.step() {}
        return machine.graph
    }

    /// One instruction; false after the last.
    private mutating func step() throws(CheckpointError) -> Bool {
        start = cursor.offset
        try budget.spendOpcode(at: start)
        let code = try cursor.byte()
        guard let opcode = PickleOpcode(rawValue: code) else { throw .unknownOpcode(code, byte: start) }
        self.opcode = opcode
        switch opcode {
        case .stop:
            graph.root = try pop()
            graph.end = cursor.offset
            guard stack.isEmpty, marks.isEmpty else { throw operand("an otherwise empty stack") }
            return false
        case .protocolVersion:
            let version = try cursor.byte()
            guard version <= 5 else { throw .unknownProtocol(Int(version), byte: start) }
        case .frame:
            let length = try cursor.integer(UInt64.self)
            guard length <= UInt64(cursor.remaining) else {
                throw .truncated(part: "a pickle frame", needed: Int(clamping: length), present: cursor.remaining)
            }
        case .mark: marks.append(stack.count)
        case .pop:
            // As in CPython: a POP with nothing above the mark takes the mark.
            if stack.count == marks.last ?? 0 { _ = try popMark() } else { _ = try pop() }
        case .popMark: _ = try popMark()
        case .duplicate: push(try top())
        case .put, .binaryPut, .longBinaryPut, .memoize, .get, .binaryGet, .longBinaryGet: try runMemo()
        case .append, .appends, .addItems, .setItem, .setItems, .build: try runChange()
        case .global, .stackGlobal, .reduce, .newObject, .newObjectKeywords, .object, .instance, .binaryPersistentID:
            try runCall()
        case .emptyTuple, .emptyList, .emptyDictionary, .emptySet, .tuple, .tuple1, .tuple2, .tuple3, .list,
            .dictionary, .frozenSet:
            try runContainer()
        default: push(try make(try literal()))
        }
        return true
    }

    // MARK: The stack

    func operand(_ expected: String) -> CheckpointError {
        .badOperand(opcode: "\(opcode)", expected: expected, byte: start)
    }

    private var underflow: CheckpointError { .stackUnderflow(opcode: "\(opcode)", byte: start) }

    private mutating func push(_ ref: Ref) { stack.append(ref) }

    private mutating func pop() throws(CheckpointError) -> Ref {
        guard stack.count > marks.last ?? 0, let ref = stack.popLast() else { throw underflow }
        return ref
    }

    private func top() throws(CheckpointError) -> Ref {
        guard stack.count > marks.last ?? 0, let ref = stack.last else { throw underflow }
        return ref
    }

    private mutating func pop(_ count: Int) throws(CheckpointError) -> [Ref] {
        var refs: [Ref] = []
        for _ in 0..<count { refs.append(try pop()) }
        return refs.reversed()
    }

    /// Everything above the last mark, and the mark.
    private mutating func popMark() throws(CheckpointError) -> [Ref] {
        guard let mark = marks.popLast(), mark <= stack.count else { throw underflow }
        let refs = Array(stack[mark...])
        stack.removeLast(refs.count)
        return refs
    }

    private mutating func make(_ node: PickleGraph.Node) throws(CheckpointError) -> Ref {
        guard graph.nodes.count < PickleBudget.maximumNodes else {
            throw .overBudget(of: "pickle values", limit: PickleBudget.maximumNodes, byte: start)
        }
        graph.nodes.append(node)
        graph.origins.append(start)
        return graph.nodes.count - 1
    }

    // MARK: Groups of instructions

    private mutating func runMemo() throws(CheckpointError) {
        let key: Int
        switch opcode {
        case .memoize: key = memo.count
        case .binaryPut, .binaryGet: key = Int(try cursor.byte())
        case .longBinaryPut, .longBinaryGet: key = Int(try cursor.integer(UInt32.self))
        default: key = try decimalLine()
        }
        switch opcode {
        case .get, .binaryGet, .longBinaryGet:
            guard let ref = memo[key] else { throw .missingMemo(key, byte: start) }
            push(ref)
        default: memo[key] = try top()
        }
    }

    private mutating func runContainer() throws(CheckpointError) {
        switch opcode {
        case .emptyTuple: try pushSequence(.tuple, [])
        case .emptyList: try pushSequence(.list, [])
        case .emptySet: try pushSequence(.set, [])
        case .tuple1: try pushSequence(.tuple, pop(1))
        case .tuple2: try pushSequence(.tuple, pop(2))
        case .tuple3: try pushSequence(.tuple, pop(3))
        case .tuple: try pushSequence(.tuple, popMark())
        case .list: try pushSequence(.list, popMark())
        case .frozenSet: try pushSequence(.frozenSet, popMark())
        default:
            let refs = opcode == .dictionary ? try popMark() : []
            graph.dictionaries.append(try pairs(refs))
            push(try make(.dictionary(graph.dictionaries.count - 1)))
        }
    }

    private mutating func pushSequence(_ kind: PickleGraph.Sequence.Kind, _ elements: [Ref]) throws(CheckpointError) {
        push(try makeSequence(kind, elements))
    }

    private mutating func makeSequence(
        _ kind: PickleGraph.Sequence.Kind, _ elements: [Ref]
    ) throws(CheckpointError) -> Ref {
        graph.sequences.append(PickleGraph.Sequence(kind: kind, elements: elements))
        return try make(.sequence(graph.sequences.count - 1))
    }

    /// `refs` must be read from the stack in a statement before: as an argument, reading would copy the whole stack.
    private func pairs(_ refs: [Ref]) throws(CheckpointError) -> PickleGraph.Items {
        guard refs.count % 2 == 0 else { throw operand("a value for every key") }
        for place in stride(from: 0, to: refs.count, by: 2) {
            let length: Int
            switch graph.nodes[refs[place]] {
            case .text(let text): length = text.utf8.count
            case .byteString(let bytes): length = bytes.count
            default: continue
            }
            guard length <= JSONValue.maximumKey else { throw .nameTooLong(limit: JSONValue.maximumKey, byte: start) }
        }
        return stride(from: 0, to: refs.count, by: 2).map { (refs[$0], refs[$0 + 1]) }
    }

    private mutating func runChange() throws(CheckpointError) {
        switch opcode {
        case .append: try append([try pop()], to: .list)
        case .appends: try append(try popMark(), to: .list)
        case .addItems: try append(try popMark(), to: .set)
        case .setItem: try set(pop(2))
        case .setItems: try set(popMark())
        default:
            let state = try pop()
            guard case .object(let index) = graph.nodes[try top()] else { throw operand("an object") }
            guard graph.objects[index].state == nil else { throw operand("an object without a state") }
            graph.objects[index].state = state
        }
    }

    private mutating func append(_ refs: [Ref], to kind: PickleGraph.Sequence.Kind) throws(CheckpointError) {
        switch graph.nodes[try top()] {
        case .sequence(let index) where graph.sequences[index].kind == kind: graph.sequences[index].elements += refs
        case .object(let index): graph.objects[index].elements += refs
        default: throw operand(kind == .list ? "a list" : "a set")
        }
    }

    private mutating func set(_ refs: [Ref]) throws(CheckpointError) {
        let items = try pairs(refs)
        switch graph.nodes[try top()] {
        case .dictionary(let index): graph.dictionaries[index] += items
        case .object(let index): graph.objects[index].items += items
        default: throw operand("a dictionary")
        }
    }

    private mutating func runCall() throws(CheckpointError) {
        switch opcode {
        case .global:
            let module = try lineText(), name = try lineText()
            try pushGlobal("\(module).\(name)")
        case .stackGlobal:
            let names = try pop(2)
            guard let module = graph.text(names[0]), let name = graph.text(names[1]) else {
                throw operand("two texts")
            }
            try budget.spend(characters: module.utf8.count + name.utf8.count, at: start)
            try pushGlobal("\(module).\(name)")
        case .reduce, .newObject:
            let parts = try pop(2)
            guard graph.tuple(parts[1]) != nil else { throw operand("a tuple of arguments") }
            try pushObject(try callee(parts[0]), parts[1])
        case .newObjectKeywords:
            let parts = try pop(3)
            guard graph.tuple(parts[1]) != nil else { throw operand("a tuple of arguments") }
            try pushObject(try callee(parts[0]), parts[1], keywords: parts[2])
        case .object:
            let parts = try popMark()
            guard let first = parts.first else { throw operand("a class") }
            try pushObject(try callee(first), try makeSequence(.tuple, Array(parts.dropFirst())))
        case .instance:
            let module = try lineText(), name = try lineText()
            try note("\(module).\(name)")
            try pushObject("\(module).\(name)", try makeSequence(.tuple, try popMark()))
        default: try pushPersistent(try pop())
        }
    }

    /// The name of what is called. Nested classes of old protocols are themselves the result of a call to `getattr`.
    private func callee(_ ref: Ref) throws(CheckpointError) -> String {
        switch graph.nodes[ref] {
        case .global(let name): return name
        case .object(let index):
            let object = graph.objects[index]
            if KnownGlobal(object.callee) == .getAttribute, let arguments = graph.tuple(object.arguments),
                arguments.count == 2, let name = graph.text(arguments[1]), let owner = graph.global(arguments[0])
            {
                return "\(owner).\(name)"
            }
            return "\(object.callee)()"
        default: throw operand("a class or function")
        }
    }

    private mutating func pushObject(_ callee: String, _ arguments: Ref, keywords: Ref? = nil) throws(CheckpointError) {
        // Names made of other names grow with every call.
        try budget.spend(characters: callee.utf8.count, at: start)
        graph.objects.append(PickleGraph.Object(callee: callee, arguments: arguments, keywords: keywords))
        push(try make(.object(graph.objects.count - 1)))
    }

    private mutating func pushGlobal(_ name: String) throws(CheckpointError) {
        try note(name)
        push(try make(.global(name)))
    }

    private mutating func note(_ name: String) throws(CheckpointError) {
        guard KnownGlobal(name) == nil, known.insert(name).inserted else { return }
        guard graph.unknownGlobals.count < PickleBudget.maximumUnknownGlobals else {
            throw .overBudget(of: "unknown classes", limit: PickleBudget.maximumUnknownGlobals, byte: start)
        }
        graph.unknownGlobals.append(name)
    }

    /// A persistent id: `('storage', class, key, location, count)`, with a view as the sixth in old files, or
    /// `('module', class, file, source)` where a whole module was saved.
    private mutating func pushPersistent(_ ref: Ref) throws(CheckpointError) {
        guard let parts = graph.tuple(ref), let kind = parts.first.flatMap({ graph.text($0) }) else {
            throw operand("a tuple that begins with 'storage'")
        }
        if kind == "module", parts.count == 4, graph.global(parts[1]) != nil {
            push(parts[1])
            return
        }
        guard kind == "storage", parts.count == 5 || parts.count == 6, let name = graph.global(parts[1]),
            let key = graph.text(parts[2]), let count = graph.int(parts[4])
        else { throw operand("a storage's class, key, location and count") }
        if parts.count == 6 {
            guard case .none = graph.nodes[parts[5]] else {
                throw .unsupportedTensor(kind: "a storage view", byte: start)
            }
        }
        guard count >= 0 else { throw .badCall(name, byte: start) }
        let storage: PickleGraph.Storage
        switch KnownGlobal(name) {
        case .storage(let dtype):
            guard let bytes = count.times(dtype.size) else { throw .badCall(name, byte: start) }
            storage = .init(key: key, dtype: dtype, count: count, byteCount: bytes, isUntyped: false)
        case .untypedStorage: storage = .init(key: key, dtype: .u8, count: count, byteCount: count, isUntyped: true)
        case .unreadableStorage: throw .unsupportedTensor(kind: name, byte: start)
        default: throw .unknownStorage(name, byte: start)
        }
        graph.storages.append(storage)
        push(try make(.storage(graph.storages.count - 1)))
    }
}
