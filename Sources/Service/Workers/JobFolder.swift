import Checkpoints
import Jobs
import Platform

/// The folder of one job: all that its worker needs, and all that it leaves. The server and the worker speak through it,
/// so that a server that begins later can follow what it did not start.
///
/// `spec.json` and `control.json` are the server's, everything else is the worker's.
struct JobFolder: Sendable, Equatable {
    let path: String

    init(path: String) { self.path = path }

    /// - Parameter folder: of all jobs.
    init(_ id: JobID, in folder: String) { self.init(path: "\(folder)/\(id)") }

    /// What the worker said, a JSON object a line.
    var events: String { path + "/events.jsonl" }
    /// Held by the worker as long as it lives.
    var lock: String { path + "/worker.lock" }
    /// What the worker wrote to stdout and stderr.
    var log: String { path + "/logs/worker.log" }
    /// The directory of the run.
    var run: String { path + "/run" }
    /// Weights for analyses.
    var snapshots: String { path + "/snapshots" }

    private var specFile: String { path + "/spec.json" }
    private var controlFile: String { path + "/control.json" }
    private var stateFile: String { path + "/state.json" }

    /// What the server wants of a worker: `control.json`.
    struct Control: Sendable, Equatable {
        /// The attempt that is wanted; a worker of another one is late and leaves.
        let attempt: Int
        let wish: WorkerWish?
    }

    /// Who a worker is, that it lives, and how it ended: `state.json`.
    struct WorkerState: Sendable, Equatable {
        let identifier: Int
        let startTicks: Int
        let attempt: Int
        /// Grows every two seconds.
        var beat: Int
        /// Written last, when everything else is on the disk.
        var outcome: WorkerLook.Outcome?
    }

    /// Writes what is to be done, and makes the folder where there is none.
    func write(_ spec: JobSpec) throws {
        try Folder.create(path + "/logs")
        try AtomicFile.write(spec.value.json, to: specFile)
    }

    /// - Throws: `JobFolderError` for a file that is not there or not what it should be.
    func spec() throws(JobFolderError) -> JobSpec {
        let value: Value
        do { value = try JSON.parse(try MappedFile.open(specFile)) } catch {
            throw JobFolderError("\(specFile) should say what is to be done and cannot be read: \(error).")
        }
        guard let spec = JobSpec(value) else { throw JobFolderError("\(specFile) does not say what is to be done.") }
        return spec
    }

    func write(_ control: Control) throws { try AtomicFile.write(control.value.json, to: controlFile) }

    /// Nil where it is not there or not what it should be.
    func control() -> Control? { read(controlFile).flatMap(Control.init) }

    func write(_ state: WorkerState) throws { try AtomicFile.write(state.value.json, to: stateFile) }

    /// Nil where no worker has said anything yet, or nothing that can be read.
    func state() -> WorkerState? { read(stateFile).flatMap(WorkerState.init) }

    /// Forgets how an earlier worker ended.
    func removeState() throws { try Folder.removeFile(stateFile) }

    /// Whether a worker is there.
    var isLocked: Bool {
        guard Folder.exists(lock) else { return false }
        do { return try LockFile(lock) == nil } catch { return false }
    }

    private func read(_ file: String) -> Value? { (try? MappedFile.open(file)).flatMap { try? JSON.parse($0) } }
}

/// A file of a job's folder that is not what it should be.
struct JobFolderError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension JobFolder.Control {
    fileprivate init?(_ value: Value) {
        guard let attempt = value["attempt"]?.int else { return nil }
        self.init(attempt: attempt, wish: value["wish"]?.string.flatMap(WorkerWish.init))
    }

    fileprivate var value: ResultValue {
        .object([.init("attempt", .int(attempt)), .init("wish", .optional(wish?.rawValue))])
    }
}

extension JobFolder.WorkerState {
    fileprivate init?(_ value: Value) {
        guard let pid = value["pid"]?.int, let started = value["started"]?.int, let attempt = value["attempt"]?.int
        else { return nil }
        self.init(identifier: pid, startTicks: started, attempt: attempt, beat: value["beat"]?.int ?? 0, outcome: nil)
        guard let outcome = value["outcome"], !outcome.isNone else { return }
        switch outcome["kind"]?.string {
        case "succeeded": self.outcome = .succeeded
        case "stopped": self.outcome = .stopped
        case "failed":
            let reason = outcome["reason"]?.string.flatMap(JobFailure.Reason.init) ?? .failed
            self.outcome = .failed(JobFailure(reason, outcome["message"]?.string ?? "The worker did not say why."))
        default: return nil
        }
    }

    fileprivate var value: ResultValue {
        let end: ResultValue =
            switch outcome {
            // Who ends without a word writes none.
            case nil, .crashed: .null
            case .succeeded: .object([.init("kind", .string("succeeded"))])
            case .stopped: .object([.init("kind", .string("stopped"))])
            case .failed(let failure):
                .object([
                    .init("kind", .string("failed")), .init("reason", .string(failure.reason.rawValue)),
                    .init("message", .string(failure.message)),
                ])
            }
        return .object([
            .init("pid", .int(identifier)), .init("started", .int(startTicks)), .init("attempt", .int(attempt)),
            .init("beat", .int(beat)), .init("outcome", end),
        ])
    }
}
