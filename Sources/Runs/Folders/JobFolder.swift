import FoundationEssentials
package import Jobs
import JSON
import Platform

/// The folder of one job: all that its worker needs, and all that it leaves. The server and the worker speak through it,
/// so that a server that begins later can follow what it did not start.
///
/// `spec.json` and `control.json` are the server's, everything else is the worker's.
package struct JobFolder: Sendable, Equatable {
    package let path: String

    package init(path: String) { self.path = path }

    /// - Parameter folder: of all jobs.
    package init(_ id: JobID, in folder: String) { self.init(path: "\(folder)/\(id)") }

    /// What the worker said, a JSON object a line.
    package var events: String { path + "/events.jsonl" }
    /// Held by the worker as long as it lives.
    package var lock: String { path + "/worker.lock" }
    /// What the worker wrote to stdout and stderr.
    package var log: String { path + "/logs/worker.log" }
    /// What a scheduler runs.
    package var script: String { path + "/slurm.sh" }
    /// The directory of the run.
    package var run: String { path + "/run" }
    /// Weights for analyses.
    package var snapshots: String { path + "/snapshots" }

    /// What an analysis has found, and what it was made of.
    var result: String { path + "/result.bin" }
    var resultManifest: String { path + "/manifest.json" }

    /// What a shard of the analysis has come to.
    func shard(_ index: Int) -> String { "\(path)/shards/\(index).json" }

    /// The folder of another job beside this one; nil where this one stands alone.
    func neighbour(_ id: JobID) -> JobFolder? {
        path.lastIndex(of: "/").map { JobFolder(id, in: String(path[..<$0])) }
    }

    /// Says that a user has deleted the job; with it, the folder may go.
    private var removalMarker: String { path + "/removed" }

    private var specFile: String { path + "/spec.json" }
    private var controlFile: String { path + "/control.json" }
    private var ticketFile: String { path + "/slurm.json" }
    private var stateFile: String { path + "/state.json" }

    /// `text` with paths as the folder knows them, wherever on the machine it lies.
    func relative(_ text: String) -> String { text.replacing(path + "/", with: "") }

    /// Writes what is to be done, and makes the folder where there is none.
    package func write(_ spec: JobSpec) throws {
        try Folder.create(path + "/logs")
        try write(spec, to: specFile)
    }

    /// - Throws: `JobFolderError` for a file that is not there or not what it should be.
    package func spec() throws(JobFolderError) -> JobSpec {
        do { return try read(specFile) } catch {
            throw JobFolderError("\(specFile) should say what is to be done and cannot be read: \(error).")
        }
    }

    package func write(_ control: Control) throws { try write(control, to: controlFile) }

    /// Nil where it is not there or not what it should be.
    package func control() -> Control? { try? read(controlFile) }

    package func write(_ state: WorkerState) throws { try write(state, to: stateFile) }

    /// Nil where no worker has said anything yet, or nothing that can be read.
    package func state() -> WorkerState? { try? read(stateFile) }

    package func write(_ ticket: SlurmTicket) throws { try write(ticket, to: ticketFile) }

    /// Nil where no scheduler was asked.
    package func ticket() -> SlurmTicket? { try? read(ticketFile) }

    /// Forgets how an earlier worker ended.
    package func removeState() throws { try Folder.removeFile(stateFile) }

    /// Says, before the job is taken out of the store, that its folder goes too.
    package func markRemoved() throws {
        if Folder.exists(path) { try AtomicFile.write([], to: removalMarker) }
    }

    /// The job stays after all.
    package func unmarkRemoved() throws { try Folder.removeFile(removalMarker) }

    /// Whether a user has deleted the job, or was about to.
    package var isMarkedRemoved: Bool { Folder.exists(removalMarker) }

    /// Which start of the job the folder is of; 0 where none is written down.
    var attempt: Int { max(state()?.attempt ?? 0, control()?.attempt ?? 0, 0) }

    /// How the newest start ended; nil where it has not, or without a word.
    var outcome: WorkerLook.Outcome? {
        guard let state = state(), state.attempt == attempt else { return nil }
        return state.outcome
    }

    /// Whether a worker is there.
    package var isLocked: Bool {
        guard Folder.exists(lock) else { return false }
        do { return try LockFile(lock) == nil } catch { return false }
    }

    private func write(_ value: some Encodable, to file: String) throws {
        try AtomicFile.write(try JSONValue(encoding: value).json, to: file)
    }

    private func read<T: Decodable>(_ file: String) throws -> T {
        try JSONValue.parse(try MappedFile.open(file)).decoded()
    }
}
