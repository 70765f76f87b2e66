public import Catalogue
import Engine
import Jobs
public import JSON
import Platform
import Runs
import Training

/// A checkpoint's bytes, for a client to keep.
public struct CheckpointDownload: Sendable {
    public let fileName: String
    public let sha256: String
    private let bytes: Bytes

    init(fileName: String, sha256: String, bytes: Bytes) {
        self.fileName = fileName
        self.sha256 = sha256
        self.bytes = bytes
    }

    public var sizeBytes: Int { bytes.count }

    /// The bytes from `offset` on, `count` of them or as many as there are.
    public func bytes(at offset: Int, count: Int) -> [UInt8] {
        guard offset >= 0, offset < bytes.count, count > 0 else { return [] }
        return bytes.slice(at: offset, count: min(count, bytes.count - offset))?.array ?? []
    }
}

extension ViTScopeService {
    /// The checkpoints of a training, by step.
    ///
    /// - Throws: `notFound`.
    public func jobCheckpoints(_ id: String) async throws(ServiceError) -> JSONValue {
        let job = try await find(id)
        // What made room for others is still in the run's record.
        let all = try stored(job).filter { Folder.exists($0.path) }
        return .object([
            .init(
                "checkpoints",
                .list(
                    all.map { checkpoint in
                        .object([
                            .init("step", .int(checkpoint.step)), .init("size_bytes", .int(checkpoint.sizeBytes)),
                            .init("sha256", .string(checkpoint.sha256)),
                            .init("model", .string("job:\(job.id)@\(checkpoint.step)")),
                            .init(
                                "links",
                                .object([
                                    .init(
                                        "download",
                                        .string("/v1/jobs/\(job.id)/checkpoints/\(checkpoint.step)/download"))
                                ])),
                        ])
                    })),
            .init("latest_step", .optional(all.last?.step)),
        ])
    }

    /// The bytes of a checkpoint.
    ///
    /// - Parameter step: a number, or `latest`.
    /// - Throws: `notFound`, `gone` for a checkpoint that made room for newer ones, `conflict` for one that is damaged.
    public func jobCheckpoint(_ id: String, step: String) async throws(ServiceError) -> CheckpointDownload {
        let job = try await find(id), found = try checkpoint(of: job, step)
        return CheckpointDownload(
            fileName: "\(job.id)-step-\(found.step).safetensors", sha256: found.sha256,
            bytes: try await checkedBytes(of: found, job))
    }

    /// The bytes of a checkpoint, which are those that were written: wrong weights are worse than none.
    ///
    /// - Throws: `gone` for one that made room for newer ones, `conflict` for one that is damaged.
    @discardableResult
    func checkedBytes(of checkpoint: StoredCheckpoint, _ job: Job) async throws(ServiceError) -> Bytes {
        try await perform {
            guard let bytes = try Self.bytes(checkpoint.path) else { throw Self.pruned(job, checkpoint.step) }
            guard try await digests.check(bytes, of: checkpoint, on: readingThread) else {
                throw ServiceError.conflict(
                    "The checkpoint of step \(checkpoint.step) is damaged on the server's disk: its bytes are not those "
                        + "that were written. Take another one; GET /v1/jobs/\(job.id)/checkpoints lists them.")
            }
            return bytes
        }
    }

    /// What a job's worker has printed.
    ///
    /// - Parameter tail: lines from the end; 200 without it.
    /// - Throws: `notFound`.
    public func jobLog(_ id: String, tail: Int? = nil) async throws(ServiceError) -> [UInt8] {
        let queue = try openQueue(), job = try await find(id)
        let lines = min(max(tail ?? 200, 0), 100_000)
        return try await perform {
            try Self.bytes(JobFolder(job.id, in: queue.folder).log).map { Self.tail($0, lines: lines) } ?? []
        }
    }

    /// The file's bytes; nil where it is not there.
    private static func bytes(_ path: String) throws(FileError) -> Bytes? {
        do { return try MappedFile.open(path) } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// The last lines of `bytes`, 4 MiB of them at the most.
    private static func tail(_ bytes: Bytes, lines: Int) -> [UInt8] {
        guard lines > 0 else { return [] }
        let length = min(bytes.count, 4 << 20)
        guard let end = bytes.slice(at: bytes.count - length, count: length)?.array else { return [] }
        var found = 0
        for place in end.indices.dropLast().reversed() where end[place] == UInt8(ascii: "\n") {
            found += 1
            if found == lines { return Array(end[(place + 1)...]) }
        }
        return end
    }

    /// The whole checkpoints of a job.
    func stored(_ job: Job) throws(ServiceError) -> [StoredCheckpoint] {
        let queue = try openQueue()
        do throws(TrainingError) { return try StoredCheckpoint.all(in: JobFolder(job.id, in: queue.folder).run) } catch
        {
            guard case .badData = error else { throw .internalFault("\(error)") }
            throw .conflict(
                "The record of the job's run is damaged on the server's disk, so that nothing says which of its "
                    + "checkpoints are whole. Their files, and state.json, the record, are in jobs/\(job.id)/run of the data "
                    + "directory: put the record back from a copy, or train again.")
        }
    }

    /// The checkpoint that `step` names: a number, or `latest`.
    func checkpoint(of job: Job, _ step: String) throws(ServiceError) -> StoredCheckpoint {
        let all = try stored(job), name = "job:\(job.id)@\(step.shortened(to: 40))"
        if step == "latest" {
            guard let last = all.last else {
                throw .conflict("The job has no checkpoint yet; it is \(job.state.rawValue).")
            }
            return last
        }
        guard let number = Int(step), number >= 0 else {
            throw .notFound(.jobCheckpoint, name: name, nearest: all.last.map { ["job:\(job.id)@\($0.step)"] } ?? [])
        }
        if let found = all.first(where: { $0.step == number }) { return found }
        if let first = all.first, number < first.step { throw Self.pruned(job, number) }
        throw .notFound(
            .jobCheckpoint, name: name, nearest: all.suffix(2).map { "job:\(job.id)@\($0.step)" })
    }

    private static func pruned(_ job: Job, _ step: Int) -> ServiceError {
        .gone(
            "The checkpoint of step \(step) is not kept any more, or was never made. "
                + "GET /v1/jobs/\(job.id)/checkpoints lists those that are; checkpoint.keep_last says how many stay.")
    }
}
