import Checkpoints
import Platform
import Tensors
import Testing

@Suite struct PyTorchLegacyTests {
    typealias P = Pickled

    private let magic: [UInt8] = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

    /// An old file in its parts, one of which a test exchanges.
    private func file(
        magic: [UInt8]? = nil, version: Int = 1001, little: UInt8 = 0x88, root: [UInt8]? = nil, keys: [[UInt8]]? = nil,
        counts: [Int] = [2], data: Int = 8
    ) -> Bytes {
        let system = P.emptyDictionary + P.text("little_endian") + [little] + P.setItem
        let root = root ?? P.tensor(P.storage(count: 2), shape: [2], strides: [1])
        let list = P.emptyList + [P.mark] + (keys ?? [P.text("0")]).joined() + [0x65]
        var file = Pickled(magic ?? self.magic, P.stop).bytes + Pickled(P.int(version), P.stop).bytes
        file += Pickled(system, P.stop).bytes + Pickled(root, P.stop).bytes + Pickled(list, P.stop).bytes
        for count in counts { file += P.little(count, 8) + [UInt8](repeating: 0, count: data) }
        return Bytes(file)
    }

    private func refusal(_ bytes: Bytes) -> CheckpointError? {
        #expect(throws: CheckpointError.self) { try Checkpoint.decode(bytes) }
    }

    @Test func theHonestFileOpens() throws {
        #expect(try Checkpoint.decode(file()).root.tensor?.tensor().array == [0, 0])
    }

    @Test func anUnknownVersionIsRefused() throws {
        guard case .badLegacy("version 1001", _) = refusal(file(version: 1002)) else { throw CheckpointError.emptyFile }
    }

    @Test func aMagicInTheWrongPlaceIsRefused() throws {
        guard case .badLegacy("magic number", 0) = refusal(file(magic: [0x43, 10] + magic.dropFirst(2))) else {
            throw CheckpointError.emptyFile
        }
    }

    @Test func bigEndianFilesAreRefused() {
        #expect(refusal(file(little: 0x89)) == .bigEndian(part: "the file"))
    }

    @Test func systemInformationMustBeThere() throws {
        guard case .badLegacy("system information", _) = refusal(file(little: 0x4e)) else {
            throw CheckpointError.emptyFile
        }
    }

    @Test func systemInformationHasNoTensors() throws {
        let tensor = P.tensor(P.storage(count: 2), shape: [2], strides: [1])
        let system = P.emptyDictionary + P.text("little_endian") + [0x88] + P.setItem + P.text("w") + tensor + P.setItem
        let bytes = Pickled(magic, P.stop).bytes + Pickled(P.int(1001), P.stop).bytes + Pickled(system, P.stop).bytes
        guard case .badLegacy("system information", _) = refusal(Bytes(bytes)) else { throw CheckpointError.emptyFile }
    }

    @Test func theListOfStoragesMustMatch() throws {
        for bytes in [
            file(keys: [P.text("1")]), file(keys: [P.text("0"), P.text("0")], counts: [2, 2]), file(keys: [P.none]),
        ] {
            guard case .badLegacy("list of its storages", _) = refusal(bytes) else { throw CheckpointError.emptyFile }
        }
        #expect(refusal(file(keys: [], counts: [])) == .storageSize(key: "0", declared: 8, present: 0))
    }

    @Test func aStorageOfAnotherSizeIsRefused() throws {
        for count in [1, 3, -1, Int.max] {
            guard case .badLegacy("count of 2 numbers", _) = refusal(file(counts: [count])) else {
                throw CheckpointError.emptyFile
            }
        }
    }

    @Test func aTruncatedFileIsRefused() throws {
        guard case .truncated = refusal(file(data: 7)) else { throw CheckpointError.emptyFile }
        let bytes = try Fixture.bytes("legacy_dtypes.pth")
        for count in stride(from: 32, to: bytes.count, by: 7) {
            guard case .truncated = refusal(try #require(bytes.slice(at: 0, count: count))) else {
                throw CheckpointError.emptyFile
            }
        }
    }

    @Test func bytesAfterTheLastStorageAreRefused() {
        #expect(refusal(file(data: 9)) == .trailingBytes(part: "the last storage", count: 1))
    }

    @Test func oneKeyOfTwoSizesIsRefused() {
        let two = P.storage(count: 2) + P.storage("DoubleStorage", count: 2) + [0x86]
        #expect(refusal(file(root: two, data: 16)) == .storageSize(key: "0", declared: 8, present: 16))
    }
}
