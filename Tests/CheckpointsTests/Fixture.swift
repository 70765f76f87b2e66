import Checkpoints
import JSON
import Platform
import Tensors
import Testing

/// Files that make.py wrote with the real libraries.
enum Fixture {
    static let folder: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        return parts.joined(separator: "/") + "/Fixtures/checkpoints"
    }()

    /// Every fixture that must open.
    static let good = [
        "zip_training.pth", "zip_protocol3.pth", "zip_protocol4.pth", "zip_protocol5.pth", "zip_bare.pth",
        "zip_dtypes.pth", "zip_views.pth", "zip_module.pth", "zip_yacs.pth", "zip_zoo2.pth", "zip_zoo4.pth",
        "legacy_training.pth", "legacy_protocol1.pth", "legacy_protocol4.pth", "legacy_dtypes.pth", "legacy_views.pth",
        "legacy_module.pth", "dtypes.safetensors", "empty.safetensors", "stored.npz", "deflated.npz",
    ]
    static let folders = ["hf", "hf_sharded", "hf_bin", "hf_bin_sharded"]

    static func bytes(_ name: String) throws -> Bytes { try MappedFile.open("\(folder)/\(name)") }

    static func open(_ name: String) throws -> Checkpoint { try Checkpoint.open("\(folder)/\(name)") }

    /// What PyTorch or NumPy say is in the fixtures.
    static func expected(_ name: String) throws -> JSONValue {
        let document = try JSONValue.parse(try bytes("expected.json"))
        return try #require(document[name])
    }
}

/// Builds pickles by hand, for what no library would write.
struct Pickled {
    var bytes: [UInt8] = [0x80, 2]

    init(_ parts: [UInt8]...) { bytes += parts.joined() }

    static func text(_ text: String) -> [UInt8] {
        [0x58] + little(text.utf8.count, 4) + Array(text.utf8)
    }

    static func int(_ number: Int) -> [UInt8] { [0x8a, 8] + little(number, 8) }

    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

    static func tuple(_ parts: [[UInt8]]) -> [UInt8] { [mark] + parts.joined() + [0x74] }

    static func integers(_ numbers: [Int]) -> [UInt8] { tuple(numbers.map(int)) }

    static func put(_ slot: UInt8) -> [UInt8] { [0x71, slot] }

    static func get(_ slot: UInt8) -> [UInt8] { [0x68, slot] }

    static let mark: UInt8 = 0x28
    static let stop: [UInt8] = [0x2e]
    static let reduce: [UInt8] = [0x52]
    static let build: [UInt8] = [0x62]
    static let none: [UInt8] = [0x4e]
    static let emptyTuple: [UInt8] = [0x29]
    static let emptyList: [UInt8] = [0x5d]
    static let emptyDictionary: [UInt8] = [0x7d]
    static let append: [UInt8] = [0x61]
    static let setItem: [UInt8] = [0x73]

    /// A storage by its persistent id.
    static func storage(_ kind: String = "FloatStorage", key: String = "0", count: Int) -> [UInt8] {
        tuple([text("storage"), global("torch", kind), text(key), text("cpu"), int(count)]) + [0x51]
    }

    /// A tensor over `storage`.
    static func tensor(_ storage: [UInt8], offset: Int = 0, shape: [Int], strides: [Int]) -> [UInt8] {
        let arguments = [storage, int(offset), integers(shape), integers(strides), [0x89], none]
        return global("torch._utils", "_rebuild_tensor_v2") + tuple(arguments) + reduce
    }

    static func little(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}

/// A file of torch.save around `pickle`.
func torchFile(_ pickle: [UInt8], storages: [String: [UInt8]] = [:]) -> Bytes {
    var writer = ZipWriter()
    writer.add("archive/data.pkl", pickle)
    for (key, bytes) in storages.sorted(by: { $0.key < $1.key }) { writer.add("archive/data/\(key)", bytes) }
    writer.add("archive/version", Array("3\n".utf8))
    return Bytes(writer.finish())
}

/// Opens a file of torch.save around `pickle`.
func unpickle(_ pickle: Pickled, storages: [String: [UInt8]] = [:]) throws(CheckpointError) -> Checkpoint {
    try Checkpoint.decode(torchFile(pickle.bytes, storages: storages))
}

/// A safetensors file of a header and data.
func safeTensorsFile(_ header: String, data: Int = 0) -> Bytes {
    Bytes(Pickled.little(header.utf8.count, 8) + Array(header.utf8) + [UInt8](repeating: 1, count: data))
}
