import Checkpoints
import Platform
import Tensors
import Testing

/// Damages every fixture in thousands of ways. Each damaged file must open or throw; a trap would end this process.
@Suite struct MutationTests {
    /// Reads everything that a reader of the checkpoint could.
    private func exhaust(_ bytes: Bytes) -> Bool {
        do throws(CheckpointError) {
            let checkpoint = try Checkpoint.decode(bytes)
            for (_, dict) in checkpoint.stateDicts() {
                for name in dict.names {
                    guard let entry = dict[name] else { continue }
                    _ = entry.tensor()
                    _ = entry.reshaped([entry.count]).isContiguous
                    _ = entry.permuted(Array(entry.shape.indices.reversed())).tensor()
                }
                _ = try? SafeTensors.encode(dict, as: .f16)
                _ = try? SafeTensors.encode(dict)
            }
            return true
        } catch {
            return error.description.isEmpty
        }
    }

    private func mutated(_ original: [UInt8], _ random: inout Random) -> [UInt8] {
        var bytes = original
        switch random.next(10) {
        case 0: return Array(bytes.prefix(random.next(bytes.count + 1)))
        case 1:
            // A stretch appears twice, or is gone.
            let start = random.next(bytes.count), end = min(bytes.count, start + 1 + random.next(32))
            if random.next(2) == 0 {
                bytes.removeSubrange(start..<end)
            } else {
                bytes.insert(contentsOf: bytes[start..<end], at: end)
            }
        case 2:
            // A length or offset field becomes an extreme.
            let word: [UInt8] = [
                [0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0x7f], [0, 0, 0, 0x80], [1, 0, 0, 0],
            ][random.next(5)]
            let start = random.next(bytes.count)
            for (index, byte) in word.enumerated() where start + index < bytes.count { bytes[start + index] = byte }
        default:
            for _ in 0...random.next(4) {
                bytes[random.next(bytes.count)] = UInt8(truncatingIfNeeded: random.next(256))
            }
        }
        return bytes
    }

    @Test(arguments: Fixture.good)
    func noDamagedFileEndsTheProcess(_ name: String) throws {
        var random = Random(seed: 20_240_607)
        let original = try Fixture.bytes(name).array
        for _ in 0..<300 { _ = exhaust(Bytes(mutated(original, &random))) }
    }

    /// Behind the checksums of the archive: the pickle is damaged and packed again.
    @Test(arguments: [
        "zip_training.pth", "zip_views.pth", "zip_zoo2.pth", "zip_zoo4.pth", "zip_yacs.pth", "zip_module.pth",
        "zip_dtypes.pth",
    ])
    func noDamagedPickleEndsTheProcess(_ name: String) throws {
        var random = Random(seed: 7)
        let entries = try storedEntries(try Fixture.bytes(name))
        var opened = 0
        for _ in 0..<500 {
            var writer = ZipWriter()
            for (entry, content) in entries {
                writer.add(entry, entry.hasSuffix("/data.pkl") ? mutated(content, &random) : content)
            }
            if exhaust(Bytes(writer.finish())) { opened += 1 }
        }
        // Some damage is to a name or a number and harms nothing; most is noticed.
        #expect(opened < 400)
    }

    /// Behind the checksums of an npz: the arrays are damaged and packed again.
    @Test func noDamagedArrayEndsTheProcess() throws {
        var random = Random(seed: 11)
        let entries = try storedEntries(try Fixture.bytes("stored.npz"))
        for _ in 0..<500 {
            var writer = ZipWriter()
            for (entry, content) in entries {
                writer.add(entry, mutated(content, &random), deflating: random.next(2) == 0)
            }
            _ = exhaust(Bytes(writer.finish()))
        }
    }

    /// Names and bytes of the stored entries, by walking the directory.
    private func storedEntries(_ bytes: Bytes) throws -> [(String, [UInt8])] {
        var entries: [(String, [UInt8])] = []
        var position = Int(try #require(bytes.littleEndian(at: bytes.count - 6, as: UInt32.self)))
        while bytes.littleEndian(at: position, as: UInt32.self) == 0x0201_4b50 {
            func field(_ offset: Int) throws -> Int {
                Int(try #require(bytes.littleEndian(at: offset, as: UInt16.self)))
            }
            func word(_ offset: Int) throws -> Int {
                Int(try #require(bytes.littleEndian(at: offset, as: UInt32.self)))
            }
            let size = try word(position + 24), nameLength = try field(position + 28), start = try word(position + 42)
            let name = try #require(bytes.slice(at: position + 46, count: nameLength)?.utf8String)
            let data = start + 30 + (try field(start + 26)) + (try field(start + 28))
            entries.append((name, try #require(bytes.slice(at: data, count: size)).array))
            position += 46 + nameLength + (try field(position + 30)) + (try field(position + 32))
        }
        return entries
    }
}

/// SplitMix64: the same damage in every run.
private struct Random {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A number below `bound`; 0 where there is none.
    mutating func next(_ bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int(truncatingIfNeeded: (z ^ (z >> 31)) % UInt64(max(bound, 1)))
    }
}
