import Checkpoints
import JSON
import Platform
import Tensors

/// The directory of one run: `config.json`, `state.json`, `metrics.jsonl`, `checkpoints/step-N.safetensors`, and at the
/// end `model.safetensors`.
///
/// A class because it holds the lock that keeps a second trainer out.
public final class RunDirectory {
    public let path: String
    private let lock: LockFile
    private(set) var record: RunRecord?
    private var metrics: AppendingFile?
    private var metricLines = 0

    /// Makes the directory where there is none, and locks it; the rest is made when a run enters.
    ///
    /// - Parameter restart: whether to begin anew, which only an empty directory allows.
    /// - Throws: `locked`, `otherRun`, `badData`, `diskFull`, `failed`.
    public init(_ path: String, restart: Bool = false) throws(TrainingError) {
        self.path = path
        // Looked at before anything is made in it: somebody's own folder stays as it is.
        if Folder.exists(path) {
            if restart, !(try Self.files(path) { try Folder.entries(path) }).isEmpty {
                throw .otherRun("\(path) is not empty. Empty it first, or begin anew in another directory.")
            }
            try Self.refuseForeignFiles(path)
        }
        try Self.files(path) { try Folder.create(path) }
        guard let lock = try Self.files(path, { try LockFile(path + "/.lock") }) else {
            throw .locked(directory: path)
        }
        self.lock = lock
        record = try Self.readRecord(path)
    }

    /// Whether a run has been here.
    public var hasRun: Bool { record != nil }

    /// Whether the run came to its end.
    public var isFinished: Bool { record?.isFinished ?? false }

    /// Begins a run, or checks that the one here is the same.
    ///
    /// - Parameter allowInexact: whether other images, threads or another program may take it up.
    /// - Returns: a sentence for each liberty taken.
    /// - Throws: `otherRun` with every difference; `inexact` for liberties that were not allowed.
    public func enter(
        _ configuration: TrainingConfiguration, identity: RunIdentity, allowInexact: Bool
    ) throws(TrainingError) -> [String] {
        try Self.files(path) { try Folder.create(self.path + "/checkpoints") }
        guard var record else {
            try write(configuration.resolved.pretty, to: "config.json")
            try save(RunRecord(identity: identity))
            return []
        }
        let differences = try configurationDifferences(configuration)
        guard differences.isEmpty else {
            throw .otherRun(
                "\(path) holds a run with another configuration: \(differences.joined(separator: "; ")). Take the same "
                    + "configuration to go on, or another directory.")
        }
        let changes = Self.changes(from: record.identity, to: identity)
        if !changes.isEmpty {
            guard allowInexact else {
                throw .inexact(
                    "\(path) was begun otherwise: \(changes.joined(separator: "; ")). The result would not be the same "
                        + "bit for bit; --allow-inexact goes on all the same.")
            }
            record.identity = identity
            record.isInexact = true
            try save(record)
        }
        return changes
    }

    /// The newest checkpoint that is whole. The record stays as it is: what is wrong may be so for a moment only, and
    /// the next checkpoint puts it right.
    ///
    /// - Parameter warn: called with a sentence for each that is missing or is not what was written.
    /// - Returns: its tensors and its step; nil where there is none.
    /// - Throws: `failed` where one is there and cannot be opened.
    func newestCheckpoint(warn: (String) -> Void) throws(TrainingError) -> (step: Int, contents: SafeTensors.Contents)?
    {
        guard let record else { return nil }
        sweep(keeping: record)
        for entry in record.checkpoints.reversed() {
            let file = path + "/checkpoints/" + entry.fileName
            let bytes: Bytes
            do { bytes = try MappedFile.open(file) } catch {
                guard error.isMissing else {
                    throw .failed(
                        "The newest checkpoint cannot be opened: \(error). Nothing was changed; put that right and run "
                            + "the same command again.")
                }
                warn("\(file) is missing; the checkpoint before it is taken")
                continue
            }
            if bytes.count == entry.sizeBytes, SHA256.hex(of: bytes) == entry.sha256,
                let contents = try? SafeTensors.decode(bytes)
            {
                return (entry.step, contents)
            }
            warn("\(file) is not what was written; the checkpoint before it is taken")
        }
        return nil
    }

    /// Writes the checkpoint of `step`, makes it durable, and only then lets go of the oldest.
    ///
    /// - Parameters:
    ///   - finishes: whether the run is over with it.
    ///   - early: why, where that is before its last step.
    /// - Returns: the file's path and size.
    func writeCheckpoint(
        _ tensors: StateDict, metadata: [String: String], step: Int, keepLast: Int, finishes: Bool,
        early: String? = nil
    ) throws(TrainingError) -> (path: String, sizeBytes: Int) {
        guard var record else { preconditionFailure("a checkpoint outside of a run") }
        let file = path + "/checkpoints/step-\(step).safetensors"
        try syncMetrics()
        try write(tensors, metadata: metadata, to: file)
        FaultPoint.pass(.checkpointWritten)
        let bytes = try Self.files(path) { try MappedFile.open(file) }
        record.checkpoints.removeAll { $0.step >= step }
        record.checkpoints.append(
            RunRecord.Entry(step: step, sizeBytes: bytes.count, sha256: SHA256.hex(of: bytes)))
        let old = record.checkpoints.dropLast(keepLast)
        record.checkpoints.removeFirst(old.count)
        record.metrics = try metricsBeginning()
        record.isFinished = finishes
        record.early = early.map { RunRecord.EarlyEnd(step: step, reason: $0) }
        try save(record)
        FaultPoint.pass(.checkpointRecorded)
        for entry in old { try? Folder.removeFile(path + "/checkpoints/" + entry.fileName) }
        FaultPoint.pass(.checkpointPruned)
        return (file, bytes.count)
    }

    /// Says that the run is over with the checkpoint of `step`, which was written before.
    func finishEarly(at step: Int, _ reason: String) throws(TrainingError) {
        guard var record else { preconditionFailure("an end outside of a run") }
        record.isFinished = true
        record.early = RunRecord.EarlyEnd(step: step, reason: reason)
        try save(record)
    }

    /// Why the run was over at `step`, where that was before its last one.
    func earlyEnd(at step: Int) -> String? { record?.early.flatMap { $0.step == step ? $0.reason : nil } }

    /// Writes the weights alone.
    func writeModel(_ tensors: StateDict, metadata: [String: String]) throws(TrainingError) {
        try write(tensors, metadata: metadata, to: path + "/model.safetensors")
    }

    /// Whether the weights are written.
    var hasModel: Bool { Folder.exists(path + "/model.safetensors") }

    // MARK: - Metrics

    /// Opens `metrics.jsonl` without the lines of steps beyond `step`, which will come again, and without a torn end.
    ///
    /// - Returns: the lines that stay.
    func openMetrics(upTo step: Int) throws(TrainingError) -> [MetricLine] {
        let file = path + "/metrics.jsonl"
        var lines: [MetricLine] = []
        if Folder.exists(file) {
            let bytes = try Self.files(path) { try MappedFile.open(file).array }
            let whole = bytes.lastIndex(of: UInt8(ascii: "\n")).map { Array(bytes[...$0]) } ?? []
            var kept: [UInt8] = []
            for text in whole.split(separator: UInt8(ascii: "\n")) {
                guard let line = MetricLine(Array(text)), line.step <= step else { continue }
                lines.append(line)
                kept += text
                kept.append(UInt8(ascii: "\n"))
            }
            if kept != bytes {
                try Self.files(path) { try AtomicFile.write([Bytes(kept)], to: file, isPrivate: false) }
            }
        }
        metricLines = lines.count
        metrics = try Self.files(path) { try AppendingFile(file) }
        return lines
    }

    /// Adds a line.
    ///
    /// - Returns: how many came before it.
    func appendMetrics(_ line: MetricLine) throws(TrainingError) -> Int {
        try Self.files(path) { try self.metrics?.append(line.json + [UInt8(ascii: "\n")]) }
        metricLines += 1
        return metricLines - 1
    }

    private func syncMetrics() throws(TrainingError) { try Self.files(path) { try self.metrics?.sync() } }

    private func metricsBeginning() throws(TrainingError) -> RunRecord.Beginning? {
        let file = path + "/metrics.jsonl"
        guard Folder.exists(file) else { return nil }
        let bytes = try Self.files(path) { try MappedFile.open(file) }
        return RunRecord.Beginning(sizeBytes: bytes.count, sha256: SHA256.hex(of: bytes))
    }

    /// Whether the metrics of the run in `directory` still begin as they did when its newest checkpoint was written; true
    /// where nothing says how they did, and for a run that cannot be repeated bit for bit: lines that it lost came again,
    /// and may be others.
    public static func metricsAreWhole(in directory: String) -> Bool {
        guard let bytes = try? MappedFile.open(directory + "/state.json"), let value = try? JSONValue.parse(bytes),
            let record = RunRecord(value), !record.isInexact, let beginning = record.metrics,
            let metrics = try? MappedFile.open(directory + "/metrics.jsonl"),
            let start = metrics.slice(at: 0, count: beginning.sizeBytes)
        else { return true }
        return SHA256.hex(of: start) == beginning.sha256
    }
}

extension RunDirectory {
    /// A run without a record has no files but those that a process leaves which died right after its beginning.
    private static func refuseForeignFiles(_ path: String) throws(TrainingError) {
        guard !Folder.exists(path + "/state.json") else { return }
        let own = ["checkpoints", "config.json", "metrics.jsonl"]
        let entries = try files(path) { try Folder.entries(path) }
        guard entries.allSatisfy({ own.contains($0.name) || $0.name.contains(".tmp-") }) else {
            throw .otherRun("\(path) holds files that are not of a training run. Take an empty directory.")
        }
    }

    private static func readRecord(_ path: String) throws(TrainingError) -> RunRecord? {
        let file = path + "/state.json"
        guard Folder.exists(file) else { return nil }
        let bytes = try files(path) { try MappedFile.open(file) }
        guard let value = try? JSONValue.parse(bytes), let record = RunRecord(value) else {
            throw .badData(
                "\(file) is not the record of a run, or is damaged. Take another directory, or put the file right.")
        }
        return record
    }

    private func save(_ record: RunRecord) throws(TrainingError) {
        try write(record.value.pretty, to: "state.json")
        self.record = record
    }

    private func write(_ text: [UInt8], to name: String) throws(TrainingError) {
        try Self.files(path) {
            try AtomicFile.write([Bytes(text)], to: self.path + "/" + name, isPrivate: false)
        }
    }

    private func write(
        _ tensors: StateDict, metadata: [String: String], to file: String
    ) throws(TrainingError) {
        do { try SafeTensors.write(tensors, metadata: metadata, to: file) } catch {
            if case .file(let cause) = error { throw Self.wrapped(cause, path) }
            throw .failed("\(file) cannot be written: \(error)")
        }
    }

    /// Removes what a killed process left: half-written files, and checkpoints that no record names.
    private func sweep(keeping record: RunRecord) {
        let known = Set(record.checkpoints.map(\.fileName))
        for folder in [path, path + "/checkpoints"] {
            for entry in (try? Folder.entries(folder)) ?? [] where !entry.isFolder {
                let isOrphan = folder != path && entry.name.hasPrefix("step-") && !known.contains(entry.name)
                if entry.name.contains(".tmp-") || isOrphan { try? Folder.removeFile(folder + "/" + entry.name) }
            }
        }
    }

    /// Settings that change nothing that is learned, or that are compared by their content.
    private static let free: Set<String> = [
        "name", "labels", "checkpoint", "resources", "log_every_steps", "dataset", "validation_dataset",
        "on_error",
        "analysis", "stop_when",
    ]

    private func configurationDifferences(
        _ configuration: TrainingConfiguration
    ) throws(TrainingError) -> [String] {
        let file = path + "/config.json"
        let bytes = try Self.files(path) { try MappedFile.open(file) }
        guard let old = try? JSONValue.parse(bytes) else { throw .badData("\(file) is not JSON. Put it right.") }
        var differences: [String] = []
        Self.compare(old, configuration.resolved, pointer: "", into: &differences)
        return differences
    }

    /// Neither value is deeper than 64 levels.
    private static func compare(
        _ old: JSONValue?, _ new: JSONValue?, pointer: String, into differences: inout [String]
    ) {
        if let old, let new, let left = old.object, let right = new.object {
            for name in left.map(\.name) + right.map(\.name).filter({ old[$0] == nil })
            where !pointer.isEmpty || !free.contains(name) {
                compare(old[name], new[name], pointer: pointer + "/" + name, into: &differences)
            }
            return
        }
        let before = String(decoding: (old ?? .null).canonical, as: UTF8.self)
        let now = String(decoding: (new ?? .null).canonical, as: UTF8.self)
        if before != now { differences.append("\(pointer) was \(before) and is now \(now)") }
    }

    private static func changes(from old: RunIdentity, to new: RunIdentity) -> [String] {
        var changes: [String] = []
        if old.datasetDigest != new.datasetDigest { changes.append("the images are others") }
        if old.threads != new.threads { changes.append("\(old.threads) threads became \(new.threads)") }
        if old.ranks != new.ranks {
            changes.append("\(old.ranks) rank\(old.ranks == 1 ? "" : "s") became \(new.ranks)")
        }
        if old.codeVersion != new.codeVersion {
            changes.append("version \(old.codeVersion) of the program became \(new.codeVersion)")
        }
        return changes
    }

    static func wrapped(_ error: FileError, _ path: String) -> TrainingError {
        error.isDiskFull ? .diskFull(directory: path) : .failed("\(error).")
    }

    private static func files<R>(_ path: String, _ body: () throws -> R) throws(TrainingError) -> R {
        do { return try body() } catch let error as FileError { throw wrapped(error, path) } catch {
            throw .failed("\(error).")
        }
    }
}
