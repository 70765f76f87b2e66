import Checkpoints
import Platform
import Tensors
import Testing

@Suite struct SafeTensorsTests {
    private func decode(_ header: String, data: Int = 0) throws(CheckpointError) -> SafeTensors.Contents {
        try SafeTensors.decode(safeTensorsFile(header, data: data))
    }

    private func line(_ name: String, _ shape: String, _ begin: Int, _ end: Int, dtype: String = "F32") -> String {
        "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
    }

    @Test func metadataIsKept() throws {
        let checkpoint = try Fixture.open("dtypes.safetensors")
        #expect(checkpoint.metadata == ["format": "pt", "note": "quotes \" and ü"])
    }

    @Test func namesKeepTheHeadersOrder() throws {
        let contents = try decode("{\(line("b", "[1]", 4, 8)),\(line("a", "[1]", 0, 4))}", data: 8)
        #expect(contents.tensors.names == ["b", "a"])
    }

    @Test func aTruncatedFileIsRefused() throws {
        let bytes = try Fixture.bytes("dtypes.safetensors")
        for count in [4, 8, 9, 100, bytes.count - 1] {
            let part = try #require(bytes.slice(at: 0, count: count))
            #expect(throws: CheckpointError.self) { try SafeTensors.decode(part) }
        }
        let error = #expect(throws: CheckpointError.self) {
            try Checkpoint.decode(try #require(bytes.slice(at: 0, count: 200)))
        }
        guard case .truncated(let part, _, _) = error else { throw error ?? .emptyFile }
        #expect(part == "the safetensors header")
    }

    @Test func anOversizeHeaderIsRefused() {
        let claim = Bytes(Pickled.little(SafeTensors.maximumHeader + 1, 8) + Array("{}".utf8))
        let refusal = CheckpointError.headerTooLarge(
            count: SafeTensors.maximumHeader + 1, limit: SafeTensors.maximumHeader)
        #expect(throws: refusal) { try SafeTensors.decode(claim) }
        #expect(throws: refusal) { try Checkpoint.decode(claim) }
        #expect(throws: CheckpointError.headerTooLarge(count: Int.max, limit: SafeTensors.maximumHeader)) {
            try SafeTensors.decode(Bytes([UInt8](repeating: 0xff, count: 8) + Array("{}".utf8)))
        }
    }

    @Test func aHeaderThatIsNoObjectIsRefused() {
        #expect(throws: CheckpointError.badJSON(expected: "'{'", byte: 0)) { try decode("[]") }
        #expect(throws: CheckpointError.badJSON(expected: "'{'", byte: 0)) { try decode(" {}") }
        #expect(throws: CheckpointError.badJSON(expected: "'{'", byte: 0)) { try decode("") }
    }

    @Test func aHeaderThatIsNotUTF8IsRefused() {
        let header: [UInt8] = Array("{\"".utf8) + [0xff, 0xfe] + Array("\":1}".utf8)
        #expect(throws: CheckpointError.notUTF8(part: "the JSON")) {
            try SafeTensors.decode(Bytes(Pickled.little(header.count, 8) + header))
        }
    }

    @Test func aDuplicateKeyIsRefused() {
        #expect(throws: CheckpointError.duplicateKey("a", byte: 54)) {
            try decode("{\(line("a", "[1]", 0, 4)),\(line("a", "[1]", 4, 8))}", data: 8)
        }
        #expect(throws: CheckpointError.self) {
            try decode(#"{"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}"#, data: 4)
        }
    }

    @Test func overlappingTensorsAreRefused() {
        #expect(throws: CheckpointError.overlapping(tensor: "b", with: "a")) {
            try decode("{\(line("a", "[2]", 0, 8)),\(line("b", "[2]", 4, 12))}", data: 12)
        }
        #expect(throws: CheckpointError.overlapping(tensor: "b", with: "a")) {
            try decode("{\(line("a", "[2]", 0, 8)),\(line("b", "[2]", 0, 8))}", data: 8)
        }
    }

    @Test func anEmptyTensorCannotHideInAnother() {
        #expect(throws: CheckpointError.overlapping(tensor: "b", with: "a")) {
            try decode("{\(line("a", "[2]", 0, 8)),\(line("b", "[0]", 4, 4))}", data: 8)
        }
    }

    @Test func aGapIsRefused() {
        #expect(throws: CheckpointError.gap(before: "b", count: 4)) {
            try decode("{\(line("a", "[1]", 0, 4)),\(line("b", "[1]", 8, 12))}", data: 12)
        }
        #expect(throws: CheckpointError.gap(before: "a", count: 4)) {
            try decode("{\(line("a", "[1]", 4, 8))}", data: 8)
        }
    }

    @Test func bytesAfterTheLastTensorAreRefused() {
        #expect(throws: CheckpointError.trailingBytes(part: "the last tensor", count: 1)) {
            try decode("{\(line("a", "[1]", 0, 4))}", data: 5)
        }
    }

    @Test func aTensorOutsideTheFileIsRefused() {
        #expect(throws: CheckpointError.outsideFile(tensor: "a", end: 8, present: 4)) {
            try decode("{\(line("a", "[2]", 0, 8))}", data: 4)
        }
    }

    @Test func shapeTimesDTypeMustBeTheBytes() {
        #expect(throws: CheckpointError.sizeMismatch(tensor: "a", shape: [3], dtype: "F32", expected: 12, present: 8)) {
            try decode("{\(line("a", "[3]", 0, 8))}", data: 8)
        }
        #expect(throws: CheckpointError.sizeMismatch(tensor: "a", shape: [2], dtype: "F16", expected: 4, present: 8)) {
            try decode("{\(line("a", "[2]", 0, 8, dtype: "F16"))}", data: 8)
        }
    }

    @Test(arguments: [
        "[4194305, 4194305, 211106198978564]", "[0, 281474976710655, 281474976710655]", "[-1]", "[9223372036854775807]",
        "[\(Array(repeating: "1", count: 65).joined(separator: ","))]",
    ])
    func anImpossibleShapeIsRefused(_ shape: String) throws {
        let error = #expect(throws: CheckpointError.self) { try decode("{\(line("a", shape, 0, 8))}", data: 8) }
        guard case .badShape = error else { throw error ?? .emptyFile }
    }

    @Test(arguments: ["[1.5]", "[\"1\"]", "[true]", "[1e300]", "[18446744073709551616]", "3", "null"])
    func aShapeOfOtherThanNumbersIsRefused(_ shape: String) throws {
        #expect(throws: CheckpointError.badTensorRecord(tensor: "a", expected: "a shape of whole numbers")) {
            try decode("{\(line("a", shape, 0, 8))}", data: 8)
        }
    }

    @Test func offsetsOutOfOrderAreRefused() {
        for offsets in ["[8,0]", "[-4,0]", "[0]", "[0,4,8]", "{}"] {
            #expect(throws: CheckpointError.badTensorRecord(tensor: "a", expected: "two data_offsets in order")) {
                try decode(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":\#(offsets)}}"#, data: 4)
            }
        }
    }

    @Test func aRecordWithOtherFieldsIsRefused() {
        #expect(throws: CheckpointError.badTensorRecord(tensor: "a", expected: "dtype, shape and data_offsets")) {
            try decode(#"{"a":{"dtype":"F32","shape":[1]}}"#)
        }
        #expect(throws: CheckpointError.badTensorRecord(tensor: "a", expected: "dtype, shape and data_offsets")) {
            try decode(#"{"a":7}"#)
        }
    }

    @Test func metadataMustBeTexts() {
        for metadata in ["7", #"{"a":7}"#, "[]"] {
            #expect(throws: CheckpointError.badTensorRecord(tensor: "__metadata__", expected: "an object of texts")) {
                try decode("{\"__metadata__\":\(metadata)}")
            }
        }
    }

    @Test(arguments: [("uint64", "U64"), ("float8", "F8_E5M2")])
    func anUnsupportedNumberFormatIsRefused(_ file: String, _ dtype: String) {
        #expect(throws: CheckpointError.unsupportedDType(tensor: "w", dtype: dtype)) {
            try Fixture.open("refused/\(file).safetensors")
        }
    }

    @Test func twoSpellingsOfOneNameAreADuplicate() {
        #expect(throws: CheckpointError.self) {
            try decode("{\(line("\u{e9}", "[1]", 0, 4)),\(line("e\u{301}", "[1]", 4, 8))}", data: 8)
        }
    }
}
