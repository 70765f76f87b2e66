import Checkpoints
import Platform
import Tensors
import Testing

@Suite struct NpyTests {
    private func file(_ header: String, version: UInt8 = 1, data: Int = 0) -> Bytes {
        let length = Pickled.little(header.utf8.count, version == 1 ? 2 : 4)
        return Bytes(
            [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(header.utf8)
                + [UInt8](repeating: 0, count: data))
    }

    private func refusal(_ header: String, data: Int = 0) -> CheckpointError? {
        #expect(throws: CheckpointError.self) { try Npy.decode(file(header, data: data)) }
    }

    @Test func numpysFilesAreRead() throws {
        let plain = try Npy.decode(try Fixture.bytes("plain.npy"))
        #expect(plain.shape == [2, 3] && plain.tensor().array == [0, 1, 2, 3, 4, 5])
        let second = try Npy.decode(try Fixture.bytes("version2.npy"))
        #expect(second.dtype == .i32 && second.tensor().array == [0, 1, 2])
    }

    @Test func theFileIsNumPysByteByByte() throws {
        #expect(Npy.encode(Tensor(shape: [2, 3], [0, 1, 2, 3, 4, 5])) == (try Fixture.bytes("plain.npy").array))
    }

    @Test(arguments: [[], [0], [1], [7], [2, 3], [1, 2, 3, 4], Array(repeating: 1, count: 40)])
    func whatIsWrittenIsReadAgain(_ shape: [Int]) throws {
        let tensor = Tensor(shape: shape, (0..<Tensor.count(of: shape)).map(Float.init))
        let file = Npy.encode(tensor)
        #expect(try Npy.decode(Bytes(file)).tensor() == tensor)
        #expect((file.count - tensor.byteCount) % 64 == 0)
    }

    @Test func doublesAndIntegersAreWritten() throws {
        let doubles = try Npy.decode(Bytes(Npy.encode(shape: [2], [0.1, -1e300])))
        #expect(doubles.dtype == .f64)
        #expect(doubles.bytes.littleEndian(at: 8, as: UInt64.self) == (-1e300).bitPattern)
        let integers = try Npy.decode(Bytes(Npy.encode(shape: [2], [-1, 7])))
        #expect(integers.dtype == .i64 && integers.tensor().array == [-1, 7])
    }

    @Test func aTruncatedFileIsRefused() throws {
        let bytes = try Fixture.bytes("plain.npy")
        for count in 0..<bytes.count {
            #expect(throws: CheckpointError.self) { try Npy.decode(try #require(bytes.slice(at: 0, count: count))) }
        }
    }

    @Test func otherMagicsAndVersionsAreRefused() {
        #expect(throws: CheckpointError.badNpyHeader(expected: "version 1.0, 2.0 or 3.0")) {
            try Npy.decode(file("", version: 4))
        }
        #expect(throws: CheckpointError.badNpyHeader(expected: "the magic \\x93NUMPY")) {
            try Npy.decode(Bytes([UInt8](repeating: 0, count: 64)))
        }
    }

    @Test func anOversizeHeaderIsRefused() {
        #expect(refusal(String(repeating: " ", count: 10_001)) == .headerTooLarge(count: 10_001, limit: 10_000))
    }

    @Test(arguments: [
        "", "{", "{}", "[]", "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 3}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}",
        "{'descr': '<f\\x34', 'fortran_order': False, 'shape': ()}",
        "{'descr': __import__('os'), 'fortran_order': False, 'shape': ()}", "{'a': 1}", "{'descr': [[[", "{'descr",
    ])
    func aMalformedHeaderIsRefused(_ header: String) throws {
        let error = refusal(header)
        guard case .badNpyHeader = error else { throw error ?? .emptyFile }
    }

    @Test func shapeTimesDTypeMustBeTheBytes() throws {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"
        for data in [0, 11, 13] {
            guard case .sizeMismatch = refusal(header, data: data) else { throw CheckpointError.emptyFile }
        }
        let huge = "{'descr': '<f4', 'fortran_order': False, 'shape': (4194305, 4194305, 211106198978564), }"
        guard case .badShape = refusal(huge) else { throw CheckpointError.emptyFile }
    }

    @Test(arguments: ["objects", "records", "complex"])
    func otherThanNumbersAreRefused(_ name: String) throws {
        let error = #expect(throws: CheckpointError.self) { try Npy.decode(try Fixture.bytes("refused/\(name).npy")) }
        guard case .unsupportedDType = error else { throw error ?? .emptyFile }
    }

    @Test func bigEndianNumbersAreRefused() {
        #expect(throws: CheckpointError.bigEndian(part: "the array")) {
            try Npy.decode(try Fixture.bytes("refused/bigendian.npy"))
        }
    }

    @Test func aHeaderThatIsDearToCompareIsRefused() {
        let marks = String(repeating: "\u{301}", count: 1000)
        guard case .badNpyHeader? = refusal("{'a\(marks)': 1}") else { return #expect(Bool(false)) }
    }
}
