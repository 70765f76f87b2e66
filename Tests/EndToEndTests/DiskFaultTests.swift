import Foundation
import TestSupport
import Testing

/// What becomes of a data directory when the disk, the power or the clock lets it down (Tests/Faults). `VITSCOPE_FAULTS`
/// says how often; `make soak` takes 200.
@Suite(.blocking) struct DiskFaultTests {
    /// Nil for the few that every change can wait for.
    private static let many = ProcessInfo.processInfo.environment["VITSCOPE_FAULTS"].flatMap { Int($0) }

    /// Runs a script to its end; it says what it saw, and where it cannot be tried, why.
    private func expect(_ script: String, _ arguments: [String]) throws {
        let path = repository.appendingPathComponent("Tests/Faults/\(script)").path
        let answer = try run("python3", [path, vitscope] + arguments)
        print("\(script): \(answer.text)")
        // There is no compiler, or no right to a disk of its own.
        if answer.status == 3 { return }
        #expect(answer.status == 0, "\(script) \(arguments)\n\(answer.text)\n\(answer.errors)")
    }

    /// What was acknowledged outlives a power cut at any moment.
    @Test func powerCutsLoseNothing() throws {
        try expect("power_cut.py", Self.many.map { ["--cuts", "\($0)"] } ?? ["--cuts", "8", "--seed", "11"])
    }

    /// A test of the test: without syncs that something rests on, it has to find a loss.
    @Test(arguments: ["folders", "jobs.sqlite", ".tmp-"]) func powerCutsNoticeAMissingSync(of what: String) throws {
        try expect(
            "power_cut.py", ["--cuts", "\(Self.many ?? 24)", "--at-promises", "--stop-at-first", "--forget=\(what)"])
    }

    /// Each n-th call fails: nothing is damaged, and nothing is said to be done that is not.
    @Test func failingCallsDamageNothing() throws {
        guard let many = Self.many else {
            return try expect(
                "failing_calls.py",
                [
                    "--only", "write:EIO", "write:ENOSPC:20", "write:short", "sync:EIO:1", "rename:EIO",
                    "truncate:ENOSPC",
                ])
        }
        try expect("failing_calls.py", ["--sample", "\(max(many / 5, 1))"])
    }

    @Test func aFullDiskIsOutlived() throws {
        try expect(
            "full_disk.py",
            Self.many == nil ? ["--hold", "12"] : ["--fills", "4", "--left", "0", "150000", "40000", "--hold", "45"])
    }

    @Test func clocksMayJump() throws { try expect("clocks.py", Self.many == nil ? [] : ["--stop", "60"]) }

    @Test func aTurnedBitIsNeverServed() throws {
        // A job that waits stands in the database alone: where its row is in the log and the log is damaged, a backup has
        // it, and a warning says so.
        try expect(
            "flipped_bits.py", Self.many == nil ? ["--seed", "21", "--but", "log"] : ["--flips", "20", "--but", "log"])
    }

    @Test func backupsUnderLoadAreWhole() throws {
        try expect("backups.py", ["--times", "\(max((Self.many ?? 4) / 2, 1))"])
    }

    @Test func everyStepIsAPlaceToStop() throws {
        try expect("resumes.py", Self.many == nil ? ["--first", "7", "--every", "30"] : [])
    }
}
