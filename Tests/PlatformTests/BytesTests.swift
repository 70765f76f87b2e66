import Platform
import Testing

@Suite struct BytesTests {
    @Test func slicesStayInside() throws {
        let bytes = Bytes([1, 2, 3, 4, 5])
        let middle = try #require(bytes.slice(at: 1, count: 3))
        #expect(middle.array == [2, 3, 4])
        #expect(middle.slice(at: 1, count: 2)?.array == [3, 4])
        #expect(bytes.slice(at: 5, count: 0)?.count == 0)
        for (offset, count) in [(-1, 2), (0, 6), (5, 1), (Int.max, 1), (1, Int.max), (0, -1)] {
            #expect(bytes.slice(at: offset, count: count) == nil)
        }
    }

    @Test func integersAreLittleEndianAndChecked() {
        let bytes = Bytes([1, 2, 3, 4])
        #expect(bytes.littleEndian(at: 0, as: UInt32.self) == 0x0403_0201)
        #expect(bytes.littleEndian(at: 2, as: UInt16.self) == 0x0403)
        #expect(bytes.littleEndian(at: 1, as: UInt32.self) == nil)
        #expect(bytes.littleEndian(at: -1, as: UInt8.self) == nil)
        #expect(bytes.littleEndian(at: Int.max, as: UInt8.self) == nil)
        #expect(bytes.littleEndian(at: 0, as: UInt64.self) == nil)
    }

    @Test func onlyValidTextIsText() {
        #expect(Bytes(Array("größe".utf8)).utf8String == "größe")
        #expect(Bytes([0xff, 0xfe]).utf8String == nil)
        #expect(Bytes([]).utf8String == "")
    }
}
