import Foundation
import Testing

import Platform

@Suite struct ProcessStatusTests {
    /// A shell that ignores every request to end, and has a child of its own in its group.
    private static func stubborn() throws -> (process: Process, output: FileHandle) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
        process.arguments = ["sh", "-c", "trap '' TERM INT HUP; (trap '' TERM INT HUP; sleep 600) & echo $$ $!; wait"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        return (process, pipe.fileHandleForReading)
    }

    @Test func processKnowsItself() throws {
        let own = try #require(ProcessStatus.current)
        #expect(own.identifier == Int(getpid()) && own.isRunning)
        #expect(!ProcessStatus(identifier: own.identifier, startTicks: own.startTicks + 1).isRunning)
        #expect(ProcessStatus.runs(own.identifier, startTicks: own.startTicks))
    }

    /// A name with brackets and spaces moves nothing.
    @Test func nameIsSkipped() {
        let tail = "S 1 77 77 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 99 100"
        let line = ProcessLine("42 (a) b (c)) \(tail)")
        #expect(line?.group == 77 && line?.started == 123_456 && line?.isDead == false)
        #expect(ProcessLine("42 (a) " + tail.replacingOccurrences(of: "S 1", with: "Z 1"))?.isDead == true)
        for text in ["", "42", "42 (a)", "42 (a) S 1 77", "42 (a) " + tail.replacingOccurrences(of: "77", with: "x")] {
            #expect(ProcessLine(text) == nil)
        }
    }

    @Test func numbersThatNobodyHasAreNobody() {
        for number in [-1, 0, Int.max, Int.min] {
            #expect(ProcessStatus(running: number) == nil)
            let nobody = ProcessStatus(identifier: number, startTicks: 1)
            nobody.kill()
            #expect(!nobody.isRunning && !nobody.hasLivingGroup)
        }
    }

    /// Who has the number of a process that is gone is left alone.
    @Test func strangerIsSpared() async throws {
        let (process, output) = try Self.stubborn()
        let pids = String(decoding: output.availableData, as: UTF8.self).split(separator: " ")
        let leader = try #require(pids.first.flatMap { Int($0) })
        let status = try #require(ProcessStatus(running: leader))
        ProcessStatus(identifier: leader, startTicks: status.startTicks - 1).kill()
        #expect(status.isRunning)
        #expect(await status.killAndWait())
        process.waitUntilExit()
    }

    /// What ignores every signal that can be ignored is gone, and so is what it started.
    @Test func groupIsEnded() async throws {
        let (process, output) = try Self.stubborn()
        let line = String(decoding: output.availableData, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        let pids = line.split(separator: " ").compactMap { Int($0) }
        try #require(pids.count == 2)
        let (leader, child) = (
            try #require(ProcessStatus(running: pids[0])), try #require(ProcessStatus(running: pids[1]))
        )
        #expect(leader.hasLivingGroup)
        #expect(await leader.killAndWait())
        #expect(!leader.isRunning && !child.isRunning && !leader.hasLivingGroup)
        process.waitUntilExit()
    }
}
