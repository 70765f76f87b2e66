import Foundation
import Testing

import Platform

@Suite struct LockFileTests {
    /// A program that another thread starts at that moment holds a copy of the descriptor until it runs.
    @Test func lockEndsWithItsHolderWhoeverElseHasTheDescriptor() throws {
        let path = NSTemporaryDirectory() + "vitscope-lock-" + UUID().uuidString
        defer { unlink(path) }
        var lock = try LockFile(path)
        #expect(lock != nil)
        #expect(try LockFile(path) == nil)
        let all = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        let own = all.first {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
        }
        let copy = dup(try #require(own.flatMap { Int32($0) }))
        defer { close(copy) }
        lock = nil
        lock = try LockFile(path)
        #expect(lock != nil)
    }
}
