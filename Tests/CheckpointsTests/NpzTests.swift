import Checkpoints
import Platform
import Tensors
import Testing

@Suite struct NpzTests {
    private let array = Npy.encode(Tensor(shape: [2], [1, 2]))

    private func decode(_ change: (inout LyingZip) -> Void) throws -> Checkpoint {
        var zip = LyingZip()
        zip.entries.append(LyingZip.Entry(name: "a.npy", content: array))
        change(&zip)
        return try Checkpoint.decode(zip.bytes())
    }

    @Test(arguments: ["stored.npz", "deflated.npz"])
    func textArraysStayOpaque(_ name: String) throws {
        let checkpoint = try Fixture.open(name)
        #expect(checkpoint.root["text"]?.opaque?.name == "numpy.ndarray of <U2")
        #expect(checkpoint.opaqueGlobals == ["numpy.ndarray of <U2"])
        #expect(checkpoint.root["embedding/kernel"]?.tensor?.isContiguous == false)
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let (a, b) = (Tensor(shape: [2, 2], [1, 2, 3, 4]), Tensor(shape: [], [7]))
        let file = Npz.encode([("attention", a), ("blocks/0", b)])
        let arrays = try Npz.decode(Bytes(file))
        #expect(arrays.names == ["attention", "blocks/0"])
        #expect(arrays["attention"]?.tensor?.tensor() == a && arrays["blocks/0"]?.tensor?.tensor() == b)
        #expect(file == Npz.encode([("attention", a), ("blocks/0", b)]))
        let mixed = Npz.encode(files: [
            ("mean", Npy.encode(shape: [1], [0.5])), ("layers", Npy.encode(shape: [1], [3])),
        ])
        #expect(try Npz.decode(Bytes(mixed))["layers"]?.tensor?.dtype == .i64)
    }

    @Test func anInflatedSizeThatLiesIsRefused() throws {
        let deflated = Deflate.deflateRaw([UInt8](repeating: 0, count: 5000))
        func refusal(_ claim: Int) -> CheckpointError? {
            // The directory has one size field for both here, so it is patched.
            var zip = LyingZip()
            zip.entries.append(LyingZip.Entry(name: "a.npy", content: deflated, method: 8))
            var file = zip.bytes().array
            for index in file.indices.dropLast(46) where file[index...].starts(with: [0x50, 0x4b, 3, 4]) {
                file.replaceSubrange(index + 22..<index + 26, with: Pickled.little(claim, 4))
            }
            for index in file.indices.dropLast(46) where file[index...].starts(with: [0x50, 0x4b, 1, 2]) {
                file.replaceSubrange(index + 24..<index + 28, with: Pickled.little(claim, 4))
            }
            return #expect(throws: CheckpointError.self) { try Checkpoint.decode(Bytes(file)) }
        }
        for claim in [0, 1, 4999, 5001, 60_000_000] { #expect(refusal(claim) == .zipInflation(entry: "a.npy")) }
        // The right size, but the checksum is of the deflated bytes.
        #expect(refusal(5000) == .zipChecksum(entry: "a.npy"))
    }

    @Test func aDeflateStreamThatIsNoneIsRefused() {
        #expect(throws: CheckpointError.zipInflation(entry: "a.npy")) { try decode { $0.entries[0].method = 8 } }
    }

    @Test func aBombIsRefusedBeforeItGoesOff() throws {
        func refusal(_ claim: Int) -> CheckpointError? {
            #expect(throws: CheckpointError.self) {
                try decode {
                    $0.entries[0].method = 8
                    $0.entries[0].size = 0xffff_ffff
                    let field =
                        [1, 0, 16, 0] + Pickled.little(claim, 8) + Pickled.little($0.entries[0].content.count, 8)
                    ($0.entries[0].extra, $0.entries[0].localExtra) = (field, field)
                }
            }
        }
        #expect(refusal(50 << 20) == .zipInflation(entry: "a.npy"))
        for claim in [1 << 30, 1 << 40, Int.max] {
            guard case .zipBomb("a.npy", _) = refusal(claim) else { throw CheckpointError.emptyFile }
        }
        // Entry by entry within bounds, together not.
        var writer = ZipWriter()
        let zeros = Npy.encode(Tensor(shape: [1 << 22], repeating: 0))
        for index in 0..<6 { writer.add("\(index).npy", zeros, deflating: true) }
        let file = Bytes(writer.finish())
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.decode(file) }
        guard case .zipBomb = error else { throw error ?? .emptyFile }
    }

    @Test func anArrayThatIsNoneIsRefused() {
        #expect(throws: CheckpointError.self) { try decode { $0.entries[0].content = [1, 2, 3] } }
        #expect(throws: CheckpointError.self) { try decode { $0.entries[0].content.removeLast() } }
    }
}
