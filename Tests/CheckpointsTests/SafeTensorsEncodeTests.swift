import TestSupport
import Checkpoints
import FoundationEssentials
import JSON
import Platform
import Tensors
import Testing

@Suite struct SafeTensorsEncodeTests {
    private func source() throws -> StateDict {
        try SafeTensors.decode(try Fixture.bytes("dtypes.safetensors")).tensors
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let source = try source()
        let file = try SafeTensors.encode(source, metadata: ["note": "a \"b\" \\ \n ü"])
        let back = try SafeTensors.decode(Bytes(file))
        #expect(back.metadata == ["note": "a \"b\" \\ \n ü"])
        #expect(Set(back.tensors.names) == Set(source.names))
        for name in source.names {
            let (before, after) = (try #require(source[name]), try #require(back.tensors[name]))
            #expect(before.dtype == after.dtype && before.shape == after.shape && before.tensor() == after.tensor())
        }
    }

    @Test func theReferencesFileIsWrittenByteByByte() throws {
        let bytes = try Fixture.bytes("dtypes.safetensors")
        let contents = try SafeTensors.decode(bytes)
        let again = try SafeTensors.encode(contents.tensors, metadata: contents.metadata)
        // The reference orders its metadata by chance; the numbers after the header are the same.
        let length = Int(bytes.littleEndian(at: 0, as: UInt64.self) ?? 0)
        #expect(again.count == bytes.count)
        #expect(Array(again[(8 + length)...]) == bytes.slice(at: 8 + length, count: bytes.count - 8 - length)?.array)
    }

    @Test func theSameContentGivesTheSameBytes() throws {
        let source = try source()
        var reversed = StateDict()
        for name in source.names.reversed() { reversed[name] = source[name] }
        #expect(try SafeTensors.encode(source) == SafeTensors.encode(reversed))
    }

    @Test func arraysAreAligned() throws {
        let file = Bytes(try SafeTensors.encode(try source()))
        #expect((file.littleEndian(at: 0, as: UInt64.self) ?? 1) % 8 == 0)
    }

    @Test(arguments: SafeTensors.Precision.allCases)
    func floatsAreConvertedAndIntegersKept(_ precision: SafeTensors.Precision) throws {
        let back = try SafeTensors.decode(Bytes(try SafeTensors.encode(try source(), as: precision))).tensors
        let expected: DType = [.f32: .f32, .f16: .f16, .bf16: .bf16][precision] ?? .f64
        for name in ["f64", "f32", "f16", "bf16", "matrix", "scalar", "empty"] {
            #expect(back[name]?.dtype == expected)
        }
        for (name, dtype) in [
            ("i64", DType.i64), ("i32", .i32), ("i16", .i16), ("i8", .i8), ("u8", .u8), ("bool", .bool),
        ] {
            #expect(back[name]?.dtype == dtype)
            #expect(back[name]?.tensor() == (try source()[name]?.tensor()))
        }
        let tolerance: Float = precision == .f32 ? 0 : precision == .f16 ? 0x1p-11 : 0x1p-8
        let before = try #require(try source()["matrix"]).tensor(), after = try #require(back["matrix"]).tensor()
        for (a, b) in zip(before.array, after.array) { #expect(abs(a - b) <= abs(a) * tolerance) }
    }

    @Test func roundingIsPyTorchs() throws {
        let expected = try Fixture.expected("rounding")
        func bits(_ key: String) throws -> [Int] { try #require(expected[key]?.list).compactMap(\.int) }
        let floats = try bits("f32").map { Float(bitPattern: UInt32($0)) }
        var dict = StateDict()
        dict["w"] = StateDict.Entry(Tensor(shape: [floats.count], floats))
        for (precision, key) in [(SafeTensors.Precision.f16, "f16"), (.bf16, "bf16")] {
            let contents = try SafeTensors.decode(Bytes(try SafeTensors.encode(dict, as: precision)))
            let bytes = try #require(contents.tensors["w"]?.bytes)
            let words = floats.indices.map { Int(bytes.littleEndian(at: $0 * 2, as: UInt16.self) ?? 0) }
            #expect(try words == bits(key))
        }
    }

    @Test func notANumberStaysOne() throws {
        var dict = StateDict()
        dict["w"] = StateDict.Entry(
            Tensor(shape: [3], [.nan, Float(bitPattern: 0xff80_0001), Float(bitPattern: 0x7fff_ffff)]))
        for precision in SafeTensors.Precision.allCases {
            let contents = try SafeTensors.decode(Bytes(try SafeTensors.encode(dict, as: precision)))
            #expect(contents.tensors["w"]?.tensor().array.everyOne(\.isNaN) == true)
        }
    }

    @Test func viewsAreWrittenRowByRow() throws {
        let dict = try #require(try Fixture.open("zip_views.pth").stateDicts().first?.dict)
        let back = try SafeTensors.decode(Bytes(try SafeTensors.encode(dict))).tensors
        for name in dict.names { #expect(back[name]?.tensor() == dict[name]?.tensor(), "\(name)") }
        #expect(back["half_permuted"]?.dtype == .f16)
    }

    @Test func theReservedNameIsRefused() {
        var dict = StateDict()
        dict["__metadata__"] = StateDict.Entry(Tensor(shape: [1], [1]))
        #expect(throws: CheckpointError.reservedName("__metadata__")) { try SafeTensors.encode(dict) }
    }

    @Test func nothingAtAllIsAFileToo() throws {
        let file = try SafeTensors.encode(StateDict())
        #expect(try SafeTensors.decode(Bytes(file)).tensors.isEmpty)
        #expect(try Bytes(file).array == Fixture.bytes("empty.safetensors").array)
    }

    @Test func filesAreWrittenWhole() throws {
        let folder = "/tmp/vitscope-safetensors-\(RandomBytes.hex(8))"
        try Folder.create(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/a.safetensors"
        let source = try source()
        try SafeTensors.write(source, as: .f16, to: path)
        #expect(try MappedFile.open(path).array == SafeTensors.encode(source, as: .f16))
        #expect(try Folder.entries(folder).map(\.name) == ["a.safetensors"])
        #expect(throws: CheckpointError.self) { try SafeTensors.write(source, to: "\(folder)/none/a.safetensors") }
    }
}
