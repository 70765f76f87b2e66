import JSON
import Testing

@Suite struct SealedDocumentTests {
    private let document = JSONValue.object([
        .init("name", .string("ä\n")), .init("numbers", .list([.int(1), .double(0.1), .null])),
        .init("yes", .bool(true)),
    ])

    @Test func aSealHoldsThroughAFile() throws {
        let sealed = SealedDocument.sealed(document)
        #expect(SealedDocument.isWhole(try JSONValue.parse(sealed.pretty)))
        #expect(SealedDocument.isWhole(try JSONValue.parse(sealed.json)))
        #expect(SealedDocument.sealed(sealed).json == sealed.json, "a seal is not under the seal")
        #expect(SealedDocument.isWhole(document), "what has none is believed")
    }

    /// Every bit of the text either breaks the document or the seal, or says the same.
    @Test func everyTurnedBitIsNoticed() throws {
        let bytes = SealedDocument.sealed(document).json
        for place in bytes.indices {
            for bit in 0..<8 {
                var turned = bytes
                turned[place] ^= 1 << UInt8(bit)
                guard let value = try? JSONValue.parse(turned), SealedDocument.isWhole(value), value["seal"] != nil
                else {
                    continue
                }
                #expect(value.canonical == SealedDocument.sealed(document).canonical, "bit \(bit) of byte \(place)")
            }
        }
    }
}
