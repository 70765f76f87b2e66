import Testing
import WebAPI

@Suite struct ByteRangeTests {
    @Test(
        arguments: [
            ("bytes=0-0", 0..<1), ("bytes=0-99", 0..<100), ("bytes=0-100", 0..<100), ("bytes=10-", 10..<100),
            ("bytes=99-", 99..<100), ("bytes=-1", 99..<100), ("bytes=-100", 0..<100), ("bytes=-101", 0..<100),
            ("BYTES=5-6", 5..<7), ("bytes= 5-6 ", 5..<7), ("bytes=1-99999999999999999999999", 1..<100),
            ("bytes=-99999999999999999999999", 0..<100), ("bytes=0-9223372036854775807", 0..<100),
        ] as [(String, Range<Int>)])
    func oneRangeIsServed(field: String, range: Range<Int>) {
        #expect(ByteRange([field], size: 100) == .part(range))
    }

    @Test(arguments: [
        "bytes=100-", "bytes=100-100", "bytes=-0", "bytes=9223372036854775807-",
        "bytes=99999999999999999999-99999999999999999999",
    ])
    func aRangeWithoutBytesIsSaidSo(field: String) { #expect(ByteRange([field], size: 100) == .unsatisfiable) }

    @Test(arguments: [
        "", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,2-3", "bytes=a-b", "bytes=+1-2", "bytes=1 -2",
        "bytes=--1", "bytes=1-2-3", "bytes=0x1-2", "lines=0-1", "0-1", "bytes=1.5-2", "bytes=٣-٤",
        "bytes=" + String(repeating: "0-,", count: 2000),
    ])
    func whatIsNoSingleRangeIsIgnored(field: String) { #expect(ByteRange([field], size: 100) == .whole) }

    @Test func anEmptyFileHasNoRange() {
        for field in ["bytes=0-", "bytes=-1", "bytes=0-0"] {
            #expect(ByteRange([field], size: 0) == .unsatisfiable)
        }
        #expect(ByteRange([], size: 0) == .whole)
        #expect(ByteRange(["bytes=0-1", "bytes=2-3"], size: 100) == .whole)
    }
}
