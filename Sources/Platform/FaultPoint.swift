import Glibc
import Synchronization

/// Places at which a test may have the process die, as if somebody pulled the plug: `VITSCOPE_FAULT=NAME:COUNT` ends it
/// with SIGKILL when it passes the place for the COUNT-th time. Without the variable a place costs one comparison.
///
/// `NAME/TEXT:COUNT` counts only what has to do with TEXT, such as a file of that name. With `VITSCOPE_FAULT_ONCE=FILE`
/// the process dies only where FILE is not there yet, and makes it first, so that the next process lives.
public enum FaultPoint: String, CaseIterable, Sendable {
    /// A temporary file is there, and empty.
    case fileCreated = "file.created"
    /// All bytes are written.
    case fileWritten = "file.written"
    /// The bytes are on the disk, under the temporary name.
    case fileSynced = "file.synced"
    /// The file has its name, which may not be on the disk yet.
    case fileRenamed = "file.renamed"
    /// The name is on the disk too.
    case fileDurable = "file.durable"
    /// A checkpoint is on the disk, and no record names it.
    case checkpointWritten = "checkpoint.written"
    /// The record names the newest checkpoint, and the oldest ones are still there.
    case checkpointRecorded = "checkpoint.recorded"
    /// The oldest checkpoints are gone.
    case checkpointPruned = "checkpoint.pruned"
    /// A worker has begun, and holds nothing.
    case workerStarted = "worker.started"
    /// It holds the lock of its job.
    case workerLocked = "worker.locked"
    /// It has told something.
    case reportWritten = "report.written"
    /// What it told is on the disk.
    case reportSynced = "report.synced"
    /// It is done, and has not said how it ended.
    case outcomeBefore = "outcome.before"
    /// It has said how it ended, and has not gone.
    case outcomeAfter = "outcome.after"
    /// The store is about to write something down: a new job, a claim, a change to a state.
    case commitBefore = "commit.before"
    /// It is on the disk, and nobody was told.
    case commitAfter = "commit.after"
    /// A job was claimed, and no worker started.
    case spawnBefore = "spawn.before"
    /// A worker was started, and nobody follows it.
    case spawnAfter = "spawn.after"
    /// A parser has a file, and has not looked at it.
    case parserReading = "parser.reading"
    /// The process that computes has a question, and has not answered it.
    case computeAnswering = "compute.answering"

    /// Dies here, where a test wants it.
    ///
    /// - Parameter subject: what is being done, such as a file's path.
    public static func pass(_ point: FaultPoint, _ subject: @autoclosure () -> String = "") {
        guard let plan = FaultPlan.ofProcess, plan.point == point, plan.isDue(subject()) else { return }
        kill(getpid(), SIGKILL)
    }
}

/// Where and when a process shall die. A class because passings are counted.
package final class FaultPlan: Sendable {
    package let point: FaultPoint
    private let text: String?
    private let count: Int
    private let marker: String?
    private let passed = Atomic<Int>(0)

    /// That of this process; nil without one.
    package static let ofProcess = FaultPlan(value("VITSCOPE_FAULT"), marker: value("VITSCOPE_FAULT_ONCE"))

    /// Nil for a text that names no place and number.
    package init?(_ text: String?, marker: String?) {
        guard let text, let colon = text.lastIndex(of: ":"), let count = Int(text[text.index(after: colon)...]),
            count > 0
        else { return nil }
        let parts = text[..<colon].split(separator: "/", maxSplits: 1)
        guard let name = parts.first, let point = FaultPoint(rawValue: String(name)) else { return nil }
        self.point = point
        self.text = parts.count > 1 ? String(parts[1]) : nil
        self.count = count
        self.marker = marker
    }

    /// Counts a passing; true where it is the one.
    package func isDue(_ subject: String) -> Bool {
        if let text, !Self.contains(subject, text) { return false }
        guard passed.add(1, ordering: .relaxed).newValue == count else { return false }
        guard let marker else { return true }
        let descriptor = open(marker, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    private static func contains(_ subject: String, _ text: String) -> Bool { strstr(subject, text) != nil }

    private static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
