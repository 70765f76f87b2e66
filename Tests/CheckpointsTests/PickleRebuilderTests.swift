import Checkpoints
import Platform
import Tensors
import Testing

@Suite struct PickleRebuilderTests {
    typealias P = Pickled

    private let four: [String: [UInt8]] = ["0": (0..<4).flatMap { P.little(Int(Float($0).bitPattern), 4) }]

    private func refusal(_ parts: [UInt8]..., storages: [String: [UInt8]] = [:]) -> CheckpointError? {
        var pickle = Pickled()
        for part in parts { pickle.bytes += part }
        return #expect(throws: CheckpointError.self) { try unpickle(pickle, storages: storages) }
    }

    // MARK: The zoo of real Python values

    @Test(arguments: ["zip_zoo2.pth", "zip_zoo4.pth"])
    func pythonsValuesAreRead(_ name: String) throws {
        let root = try Fixture.open(name).root
        let numbers = try #require(root["numbers"])
        #expect(numbers["float64"]?.double == 1.5)
        #expect(numbers["float32"]?.double == Double(Float(0.1)))
        #expect(numbers["int64"]?.int == -5)
        #expect(numbers["int32"]?.int == 9)
        #expect(numbers["uint8"]?.int == 200)
        #expect(numbers["bool"]?.bool == true)
        #expect(root["size"]?.array?.compactMap(\.int) == [2, 3])
        #expect(root["device"]?.string == "cuda:1")
        #expect(root["dtype"]?.string == "torch.float32")
        #expect(root["set"]?[0]?.int == 1 && root["frozen"]?[0]?.int == 2)
        for (key, expected) in [("bytes", [0, 255]), ("empty_bytes", []), ("array", [120, 121])] as [(String, [UInt8])]
        {
            guard case .bytes(let bytes)? = root[key] else { throw CheckpointError.emptyFile }
            #expect(bytes.array == expected)
        }
        #expect(root["tuple"]?.array?.compactMap(\.int) == [1, 2, 3, 4])
        #expect(root["medium"]?.int == 1 << 40)
        #expect(root["deque"]?.array?.compactMap(\.int) == [1, 2])
        #expect(root["default"]?["k"]?.int == 1)
        #expect(root["counter"]?["a"]?.int == 2)
        #expect(root["inf"]?.double == .infinity)
        #expect(root["é"]?.string == "ü€😀")
        #expect(root.dictionary?[key: 3]?.string == "three")
        #expect(root["huge"]?.opaque?.name == "int")
        #expect(root["text_array"]?.opaque?.name.hasPrefix("numpy.ndarray") == true)
        #expect(root["objects"]?.opaque?.name.hasPrefix("numpy.ndarray") == true)
    }

    @Test(arguments: ["zip_zoo2.pth", "zip_zoo4.pth"])
    func foreignObjectsStayInert(_ name: String) throws {
        let checkpoint = try Fixture.open(name), root = checkpoint.root
        #expect(root["settings"]?.opaque?.name == "__main__.Settings")
        #expect(root["settings"]?["depth"]?.int == 12)
        #expect(root["slotted"]?["width"]?.int == 8)
        #expect(root["nested"]?.opaque?.name == "__main__.Outer.Inner")
        #expect(root["nested"]?["inside"]?.bool == true)
        #expect(root["color"]?.opaque?.arguments.first?.string == "red")
        #expect(root["path"]?.opaque?.name == "pathlib.PurePosixPath")
        #expect(root["class"]?.opaque?.name == "__main__.Settings")
        // What would run is a record like any other.
        #expect(root["command"]?.opaque?.name == "posix.system")
        #expect(root["command"]?.opaque?.arguments.first?.string == "touch /tmp/vitscope-pickle-ran")
        #expect(!Folder.exists("/tmp/vitscope-pickle-ran"))
        #expect(checkpoint.opaqueGlobals.contains("posix.system"))
        #expect(!checkpoint.opaqueGlobals.contains { $0.hasPrefix("collections.") || $0.hasPrefix("torch.") })
    }

    @Test func popularAttacksStayInert() throws {
        for (module, function) in [
            ("os", "system"), ("builtins", "eval"), ("builtins", "exec"), ("subprocess", "Popen"), ("pty", "spawn"),
            ("torch.storage", "_load_from_bytes"), ("numpy", "load"), ("marshal", "loads"), ("", ""),
            ("torch.hub", "load"),
        ] {
            let checkpoint = try unpickle(
                Pickled(P.global(module, function), P.tuple([P.text("id")]), P.reduce, P.stop))
            #expect(checkpoint.root.opaque?.name == "\(module).\(function)")
            #expect(checkpoint.opaqueGlobals == ["\(module).\(function)"])
        }
    }

    // MARK: Tensors

    @Test func aStridedViewIsRead() throws {
        let checkpoint = try unpickle(
            Pickled(P.tensor(P.storage(count: 4), offset: 1, shape: [2], strides: [2]), P.stop), storages: four)
        #expect(checkpoint.root.tensor?.tensor().array == [1, 3])
    }

    @Test func stridesOfSingleElementsMeanNothing() throws {
        let checkpoint = try unpickle(
            Pickled(P.tensor(P.storage(count: 4), shape: [1, 4, 1], strides: [Int.max, 1, Int.max]), P.stop),
            storages: four)
        let entry = try #require(checkpoint.root.tensor)
        #expect(entry.tensor().array == [0, 1, 2, 3] && entry.isContiguous)
        #expect(entry.permuted([2, 1, 0]).tensor().array == [0, 1, 2, 3])
    }

    @Test func aViewOutsideItsStorageIsRefused() throws {
        let cases: [(offset: Int, shape: [Int], strides: [Int])] = [
            (0, [5], [1]), (1, [4], [1]), (4, [1], [1]), (0, [2], [4]), (0, [2, 2], [3, 1]), (Int.max, [1], [1]),
            (0, [2], [Int.max]), (0, [3], [Int.max]), (2, [2], [Int.max - 1]), (5, [0], [1]),
            (0, [2, 2], [Int.max, Int.max]),
        ]
        for (offset, shape, strides) in cases {
            let error = refusal(
                P.tensor(P.storage(count: 4), offset: offset, shape: shape, strides: strides), P.stop, storages: four)
            guard case .storageOutOfBounds = error else { throw error ?? .emptyFile }
        }
    }

    @Test func negativeStridesAndOffsetsAreRefused() throws {
        for (offset, stride) in [(3, -1), (-1, 1), (0, Int.min)] {
            let error = refusal(
                P.tensor(P.storage(count: 4), offset: offset, shape: [2], strides: [stride]), P.stop, storages: four)
            guard case .negativeStride = error else { throw error ?? .emptyFile }
        }
    }

    @Test(arguments: [[-1], [4_194_305, 4_194_305, 211_106_198_978_564], [0, 1 << 47, 1 << 47], [Int.max]])
    func impossibleShapesAreRefused(_ shape: [Int]) throws {
        let error = refusal(
            P.tensor(P.storage(count: 4), shape: shape, strides: shape.map { _ in 0 }), P.stop, storages: four)
        guard case .badShape = error else { throw error ?? .emptyFile }
    }

    @Test func argumentsOfTheWrongKindAreRefused() throws {
        let rebuild = P.global("torch._utils", "_rebuild_tensor_v2")
        let storage = P.storage(count: 4), zero = P.int(0), shape = P.integers([2])
        let wrong: [[[UInt8]]] = [
            [], [storage], [zero, zero, shape, shape, zero, zero],
            [storage, zero, shape, P.integers([1, 1]), zero, zero],
            [storage, zero, P.tuple([P.text("2")]), shape, zero, zero],
            [storage, P.text("0"), shape, shape, zero, zero],
            [storage, zero, P.tuple([[0x47, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]]), shape, zero, zero],
            [
                storage, zero, P.integers(Array(repeating: 1, count: 65)), P.integers(Array(repeating: 1, count: 65)),
                zero, zero,
            ],
        ]
        for arguments in wrong {
            let error = refusal(rebuild, P.tuple(arguments), P.reduce, P.stop, storages: four)
            guard case .badCall("torch._utils._rebuild_tensor_v2", _) = error else { throw error ?? .emptyFile }
        }
    }

    @Test func aTensorIsNoDictionary() throws {
        let tensor = P.tensor(P.storage(count: 4), shape: [4], strides: [1])
        for change in [P.none + P.none + P.setItem, P.none + P.append, P.emptyTuple + P.build] {
            let error = refusal(tensor, change, P.stop, storages: four)
            guard case .badCall = error else { throw error ?? .emptyFile }
        }
    }

    @Test func aStorageOfAnotherSizeIsRefused() {
        for count in [3, 5, 0] {
            #expect(
                refusal(P.tensor(P.storage(count: count), shape: [0], strides: [1]), P.stop, storages: four)
                    == .storageSize(key: "0", declared: count * 4, present: 16))
        }
    }

    @Test func storagesThatLieAreRefused() throws {
        #expect(
            refusal(P.tensor(P.storage(key: "9", count: 4), shape: [4], strides: [1]), P.stop, storages: four)
                == .zipMissing(entry: "archive/data/9"))
        for count in [-1, Int.max] {
            let error = refusal(P.storage(count: count), P.stop, storages: four)
            guard case .badCall("torch.FloatStorage", _) = error else { throw error ?? .emptyFile }
        }
        let error = refusal(P.storage("FancyStorage", count: 4), P.stop, storages: four)
        guard case .unknownStorage("torch.FancyStorage", _) = error else { throw error ?? .emptyFile }
        let view = P.tuple([
            P.text("storage"), P.global("torch", "FloatStorage"), P.text("0"), P.text("cpu"), P.int(4), P.emptyTuple,
        ])
        guard case .unsupportedTensor("a storage view", _) = refusal(view, [0x51], P.stop) else {
            throw CheckpointError.emptyFile
        }
        for id in [
            P.none, P.emptyTuple, P.tuple([P.text("storage")]),
            P.tuple([P.text("other"), P.none, P.none, P.none, P.none]),
        ] {
            guard case .badOperand = refusal(id, [0x51], P.stop) else { throw CheckpointError.emptyFile }
        }
    }

    @Test(arguments: ["complex", "sparse", "quantized", "meta", "float8", "uint16"])
    func tensorsThatAreNotDenseNumbersAreRefused(_ name: String) throws {
        let error = #expect(throws: CheckpointError.self) { try Fixture.open("refused/\(name).pth") }
        guard case .unsupportedTensor = error else { throw error ?? .emptyFile }
    }

    @Test func bigEndianFilesAreRefused() {
        #expect(throws: CheckpointError.bigEndian(part: "the file")) { try Fixture.open("refused/bigendian.pth") }
    }

    @Test func aTinyFileCannotClaimHugeTensors() throws {
        // A stride of zero spreads 16 bytes over 2^40.
        let error = refusal(P.tensor(P.storage(count: 4), shape: [1 << 40], strides: [0]), P.stop, storages: four)
        guard case .overBudget = error else { throw error ?? .emptyFile }
        // So do many views of one storage.
        let count = 1 << 16, bytes = [UInt8](repeating: 0, count: count * 4)
        var parts = P.emptyList + P.storage(count: count) + P.put(1) + [0x30]
        for _ in 0..<200 { parts += P.tensor(P.get(1), shape: [count], strides: [1]) + P.append }
        guard case .overBudget = refusal(parts, P.stop, storages: ["0": bytes]) else { throw CheckpointError.emptyFile }
    }

    // MARK: NumPy inside a pickle

    private func array(shape: [Int], type: String = "f4", order: String = "<", fortran: UInt8 = 0x89, data: [UInt8])
        -> [UInt8]
    {
        let dtype =
            P.global("numpy", "dtype") + P.tuple([P.text(type), [0x89], [0x88]]) + P.reduce
            + P.tuple([P.int(3), P.text(order), P.none]) + P.build
        let made =
            P.global("numpy.core.multiarray", "_reconstruct")
            + P.tuple([P.global("numpy", "ndarray"), P.integers([0]), P.text("b")])
        return made + P.reduce
            + P.tuple([P.int(1), P.integers(shape), dtype, [fortran], [0x43, UInt8(data.count)] + data]) + P.build
    }

    @Test func arraysInsidePicklesAreChecked() throws {
        let data = [UInt8](repeating: 0, count: 8)
        #expect(try unpickle(Pickled(array(shape: [2], data: data), P.stop)).root.tensor?.shape == [2])
        guard case .sizeMismatch = refusal(array(shape: [3], data: data), P.stop) else {
            throw CheckpointError.emptyFile
        }
        guard case .badShape = refusal(array(shape: [1 << 47, 1 << 47], data: data), P.stop) else {
            throw CheckpointError.emptyFile
        }
        guard case .badShape = refusal(array(shape: [-2], data: data), P.stop) else { throw CheckpointError.emptyFile }
        guard case .bigEndian = refusal(array(shape: [2], order: ">", data: data), P.stop) else {
            throw CheckpointError.emptyFile
        }
        let complex = try unpickle(Pickled(array(shape: [1], type: "c8", data: data), P.stop)).root
        #expect(complex.opaque?.name == "numpy.ndarray of c8")
    }

    // MARK: Bombs

    @Test func aCycleIsRefused() throws {
        let error = #expect(throws: CheckpointError.self) { try Fixture.open("refused/cycle.pth") }
        guard case .cycle = error else { throw error ?? .emptyFile }
        #expect(refusal(P.emptyList, P.put(0), P.get(0), P.append, P.stop) == .cycle(byte: 2))
        #expect(refusal(P.emptyDictionary, P.put(0), P.none, P.get(0), P.setItem, P.stop) == .cycle(byte: 2))
        guard case .cycle = refusal(P.global("a", "b"), P.emptyTuple, P.reduce, P.put(0), P.get(0), P.build, P.stop)
        else {
            throw CheckpointError.emptyFile
        }
        // Through a tuple of arguments.
        let inside = P.emptyList + P.put(0) + P.global("a", "b") + P.get(0) + [0x85] + P.reduce + P.append
        #expect(refusal(inside, P.stop) == .cycle(byte: 2))
    }

    @Test func depthHasALimit() throws {
        func nested(_ depth: Int) -> Pickled { Pickled(P.none, [UInt8](repeating: 0x85, count: depth), P.stop) }
        #expect(try unpickle(nested(64)).root.array?.count == 1)
        #expect(throws: CheckpointError.tooDeep(limit: 64, byte: 67)) { try unpickle(nested(65)) }
        #expect(throws: CheckpointError.tooDeep(limit: 64, byte: 67)) { try unpickle(nested(900_000)) }
    }

    @Test func sharedValuesAreNotExpanded() throws {
        // Ten references to the level below, on nine levels: a billion values, were they copied.
        var parts = P.emptyList + P.put(0) + [0x30]
        for level in 1...9 as ClosedRange<UInt8> {
            parts +=
                P.emptyList + [P.mark] + (0..<10).flatMap { _ in P.get(level - 1) } + [0x65] + P.put(level) + [0x30]
        }
        let error = refusal(parts, P.get(9), P.stop)
        guard case .overBudget(of: "values", _, _) = error else { throw error ?? .emptyFile }
    }

    @Test func sharedArgumentsAreNotCopied() throws {
        // One long list as the argument of many calls.
        let long = P.emptyList + [P.mark] + [UInt8](repeating: 0x4e, count: 300_000) + [0x65, 0x85] + P.put(0) + [0x30]
        var parts = long + P.emptyList + P.put(1) + [0x30] + P.get(1)
        for _ in 0..<20 { parts += P.global("collections", "deque") + P.get(0) + P.reduce + P.append }
        guard case .overBudget(of: "copied values", _, _) = refusal(parts, P.stop) else {
            throw CheckpointError.emptyFile
        }
    }

    @Test func sharedTextIsNotEncodedWithoutEnd() throws {
        let text = P.text(String(repeating: "a", count: 1 << 20))
        var parts = text + P.put(0) + [0x30] + P.emptyList
        for _ in 0..<70 {
            parts += P.global("_codecs", "encode") + P.tuple([P.get(0), P.text("latin1")]) + P.reduce + P.append
        }
        guard case .overBudget(of: "characters of text", _, _) = refusal(parts, P.stop) else {
            throw CheckpointError.emptyFile
        }
    }

    /// As Python and PyTorch refuse them: what changes is no key, and no element of a set.
    @Test(arguments: [P.emptyList, P.emptyDictionary, P.global("collections", "OrderedDict") + P.emptyTuple + P.reduce])
    func whatChangesIsNoKey(_ key: [UInt8]) throws {
        let parts: [[UInt8]] = [
            P.emptyDictionary + key + P.none + P.setItem, P.emptyDictionary + P.tuple([key]) + P.none + P.setItem,
            [0x8f] + [P.mark] + key + [0x90],
            P.global("collections", "OrderedDict") + P.emptyTuple + P.reduce + key + P.none + P.setItem,
        ]
        for part in parts {
            guard case .badLiteral(let kind, _)? = refusal(part, P.stop) else {
                Issue.record("\(part) is taken")
                continue
            }
            #expect(kind.hasPrefix("key"))
        }
        let tuple = Pickled(P.emptyDictionary, P.tuple([P.int(1)]), P.none, P.setItem, P.stop)
        #expect(try unpickle(tuple).root.dictionary?.count == 1)
    }

    /// Whether a tensor wants gradients is true or false, and only numbers with fractions can.
    @Test func gradientsAreOfFractions() throws {
        func tensor(_ kind: String, _ wants: [UInt8]) -> [UInt8] {
            let arguments = [P.storage(kind, count: 4), P.int(0), P.integers([4]), P.integers([1]), wants, P.none]
            return P.global("torch._utils", "_rebuild_tensor_v2") + P.tuple(arguments) + P.reduce + P.stop
        }
        #expect(try unpickle(Pickled(tensor("FloatStorage", [0x88])), storages: four).root.tensor?.count == 4)
        #expect(refusal(tensor("FloatStorage", P.none), storages: four) != nil)
        #expect(refusal(tensor("IntStorage", [0x88]), storages: four) != nil)
        #expect(try unpickle(Pickled(tensor("IntStorage", [0x89])), storages: four).root.tensor?.dtype == .i32)
    }

    @Test func knownCallsCheckTheirArguments() throws {
        let calls: [(String, String, [[UInt8]])] = [
            ("_codecs", "encode", [P.text("a"), P.text("rot13")]),
            ("_codecs", "encode", [P.text("€"), P.text("latin1")]),
            ("collections", "OrderedDict", [P.int(7)]),
            ("collections", "OrderedDict", [P.emptyList + P.none + P.append]),
            ("builtins", "set", [P.int(1)]), ("torch", "device", []), ("numpy", "dtype", []),
            ("numpy.core.multiarray", "scalar", [P.none, P.none]),
            ("torch._utils", "_rebuild_parameter", [P.none, P.none, P.none]),
            ("torch._tensor", "_rebuild_from_type_v2", [P.none, P.none, P.emptyTuple, P.none]),
            ("copyreg", "_reconstructor", []),
        ]
        for (module, name, arguments) in calls {
            let error = refusal(P.global(module, name), P.tuple(arguments), P.reduce, P.stop)
            guard case .badCall = error else { throw error ?? .emptyFile }
        }
    }
}
