import Platform
import Testing

@Suite struct DeflateTests {
    let text = Array(String(repeating: "what do vision transformers learn? ", count: 500).utf8)

    @Test func whatIsDeflatedInflates() throws {
        let packed = Deflate.deflateRaw(text)
        #expect(packed.count < text.count / 20)
        #expect(try Deflate.inflateRaw(Bytes(packed), size: text.count) == text)
        #expect(try Deflate.inflateRaw(Bytes(Deflate.deflateRaw([])), size: 0) == [])
    }

    @Test func aWrongSizeIsRefused() {
        let packed = Bytes(Deflate.deflateRaw(text))
        #expect(throws: Deflate.Failure.tooLarge) { try Deflate.inflateRaw(packed, size: text.count - 1) }
        #expect(throws: Deflate.Failure.truncated) { try Deflate.inflateRaw(packed, size: text.count + 1) }
        #expect(throws: Deflate.Failure.tooLarge) { try Deflate.inflateRaw(packed, size: -1) }
        #expect(throws: Deflate.Failure.tooLarge) { try Deflate.inflateRaw(packed, size: 1 << 31) }
    }

    @Test func tornBytesAreRefused() {
        let packed = Deflate.deflateRaw(text)
        #expect(throws: Deflate.Failure.self) {
            try Deflate.inflateRaw(Bytes(Array(packed.dropLast(3))), size: text.count)
        }
        #expect(throws: Deflate.Failure.self) {
            try Deflate.inflateRaw(Bytes([0xff, 0xff, 0xff, 0xff]), size: 100)
        }
    }

    @Test func gzipHasItsMagicAndTheChecksumIsKnown() {
        #expect(Deflate.gzip(text).prefix(2) == [0x1f, 0x8b])
        #expect(Deflate.crc32(Bytes(Array("123456789".utf8))) == 0xcbf4_3926)
    }

    @Test func theDigestIsKnown() {
        #expect(
            SHA256.hex(of: Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let hash = SHA256()
        hash.update("a")
        hash.update(Bytes(Array("bc".utf8)))
        #expect(hash.hex() == SHA256.hex(of: Array("abc".utf8)))
        #expect(
            ConstantTime.equal([1, 2], [1, 2]) && !ConstantTime.equal([1, 2], [1, 3]) && !ConstantTime.equal([1], []))
    }
}
