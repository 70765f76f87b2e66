import Platform
import Tensors

/// What a file of `torch.save` holds.
struct PyTorchContents {
    let root: Value
    let opaqueGlobals: [String]
}

/// The zip form of `torch.save`, since PyTorch 1.6: `<root>/data.pkl` and one entry for each storage.
enum PyTorchZip {
    /// The contents of `archive`.
    ///
    /// Every checksum is compared, which reads the whole file once (about 1 GB/s); the numbers stay in the file's
    /// memory.
    static func read(_ archive: ZipArchive, fileSize: Int) throws(CheckpointError) -> PyTorchContents {
        let root = try rootFolder(of: archive)
        guard archive["\(root)/constants.pkl"] == nil else { throw .torchScript }
        guard archive["\(root)/archive_format"] == nil else { throw .exportedProgram }
        guard let pickle = archive["\(root)/data.pkl"] else { throw .zipMissing(entry: "\(root)/data.pkl") }
        var contents: [ExactText: Bytes] = [:]
        for entry in archive.entries {
            guard !entry.isDeflated else { throw .zipCompressed(entry: entry.name, method: 8) }
            contents[ExactText(entry.name)] = try archive.read(entry)
        }
        if let order = contents[ExactText("\(root)/byteorder")], !order.equal("little") {
            throw .bigEndian(part: "the file")
        }
        let graph = try PickleMachine.read(contents[ExactText(pickle.name)] ?? Bytes([]))
        guard graph.end == pickle.size else {
            throw .trailingBytes(part: "the pickle", count: pickle.size - graph.end)
        }
        var storages: [Bytes] = []
        for storage in graph.storages {
            guard let bytes = contents[ExactText("\(root)/data/\(storage.key)")] else {
                throw .zipMissing(entry: "\(root)/data/\(storage.key)")
            }
            guard bytes.count == storage.byteCount else {
                throw .storageSize(key: storage.key, declared: storage.byteCount, present: bytes.count)
            }
            storages.append(bytes)
        }
        let value = try PickleRebuilder.value(of: graph, storages: storages, fileSize: fileSize)
        return PyTorchContents(root: value, opaqueGlobals: graph.unknownGlobals)
    }

    /// The one folder that holds everything; its name is arbitrary.
    private static func rootFolder(of archive: ZipArchive) throws(CheckpointError) -> String {
        var root: String?
        for entry in archive.entries {
            guard let slash = entry.name.firstIndex(of: "/") else { throw .zipMissing(entry: "data.pkl") }
            let folder = String(entry.name[..<slash])
            if let root, ExactText(root) != ExactText(folder) { throw .zipTwoRoots(root, folder) }
            root = folder
        }
        guard let root else { throw .zipMissing(entry: "data.pkl") }
        return root
    }
}

/// The form of `torch.save` before PyTorch 1.6: four pickles, the storages' keys, and the storages.
enum PyTorchLegacy {
    /// 0x1950a86a20f9469cfc6c, little-endian.
    static let magic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

    /// The contents of `bytes`, a whole file.
    static func read(_ bytes: Bytes) throws(CheckpointError) -> PyTorchContents {
        let first = try PickleMachine.read(bytes)
        guard case .hugeInt(let number) = first.nodes[first.root], number.array == magic else {
            throw .badLegacy(expected: "magic number", byte: 0)
        }
        let second = try PickleMachine.read(bytes, from: first.end)
        guard second.int(second.root) == 1001 else { throw .badLegacy(expected: "version 1001", byte: first.end) }
        let third = try PickleMachine.read(bytes, from: second.end)
        // Storages belong to the object that follows, and are read only then.
        guard third.storages.isEmpty else { throw .badLegacy(expected: "system information", byte: second.end) }
        let system = try PickleRebuilder.value(of: third, storages: [], fileSize: 0)
        guard let isLittle = system["little_endian"]?.bool else {
            throw .badLegacy(expected: "system information", byte: second.end)
        }
        guard isLittle else { throw .bigEndian(part: "the file") }

        let graph = try PickleMachine.read(bytes, from: third.end)
        let keys = try keys(bytes, from: graph.end)
        var cursor = Cursor(bytes, part: "the storages", from: keys.end)
        var declared: [ExactText: PickleGraph.Storage] = [:], found: [ExactText: Bytes] = [:]
        for storage in graph.storages { declared[ExactText(storage.key)] = storage }
        for key in keys.names.lazy.map(ExactText.init) {
            let start = cursor.offset
            guard let storage = declared[key], found[key] == nil else {
                throw .badLegacy(expected: "list of its storages", byte: graph.end)
            }
            guard Int(exactly: try cursor.integer(Int64.self)) == storage.count else {
                throw .badLegacy(expected: "count of \(storage.count) numbers", byte: start)
            }
            found[key] = try cursor.take(storage.byteCount)
        }
        guard cursor.remaining == 0 else { throw .trailingBytes(part: "the last storage", count: cursor.remaining) }
        var storages: [Bytes] = []
        for storage in graph.storages {
            guard let bytes = found[ExactText(storage.key)] else {
                throw .storageSize(key: storage.key, declared: storage.byteCount, present: 0)
            }
            // One key may be declared twice; both must mean the same bytes.
            guard bytes.count == storage.byteCount else {
                throw .storageSize(key: storage.key, declared: storage.byteCount, present: bytes.count)
            }
            storages.append(bytes)
        }
        let value = try PickleRebuilder.value(of: graph, storages: storages, fileSize: bytes.count)
        return PyTorchContents(root: value, opaqueGlobals: graph.unknownGlobals)
    }

    private static func keys(_ bytes: Bytes, from start: Int) throws(CheckpointError) -> (names: [String], end: Int) {
        let graph = try PickleMachine.read(bytes, from: start)
        guard case .sequence(let index) = graph.nodes[graph.root] else {
            throw .badLegacy(expected: "list of its storages", byte: start)
        }
        var names: [String] = []
        for element in graph.sequences[index].elements {
            guard let name = graph.text(element) else {
                throw .badLegacy(expected: "list of its storages", byte: start)
            }
            names.append(name)
        }
        return (names, graph.end)
    }
}
