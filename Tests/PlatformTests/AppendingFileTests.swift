import Foundation
import Platform
import Testing

@Suite struct AppendingFileTests {
    @Test func linesGoToTheEnd() throws {
        let path = NSTemporaryDirectory() + "appending-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        for word in ["one\n", "two\n"] {
            let file = try AppendingFile(path)
            try file.append(Array(word.utf8))
            try file.sync()
        }
        #expect(FileManager.default.contents(atPath: path) == Data("one\ntwo\n".utf8))
    }

    /// /dev/full refuses every byte as a full disk does.
    @Test func fullDiskIsToldApart() throws {
        let file = try AppendingFile("/dev/full")
        let error = #expect(throws: FileError.self) { try file.append([1]) }
        #expect(error?.isDiskFull == true)
        #expect(throws: FileError.self) { try AppendingFile("/nowhere/at/all") }
    }
}
