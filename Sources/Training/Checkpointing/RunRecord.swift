import JSON

/// What must be the same when a run is taken up again, beside its configuration.
public struct RunIdentity: Sendable, Equatable {
    /// The digest of the images.
    public var datasetDigest: String
    /// Sums are made in an order that depends on them.
    public var threads: Int
    /// The version of the program.
    public var codeVersion: String
    /// Processes that train together.
    public var ranks: Int

    public init(datasetDigest: String, threads: Int, codeVersion: String, ranks: Int = 1) {
        self.datasetDigest = datasetDigest
        self.threads = threads
        self.codeVersion = codeVersion
        self.ranks = ranks
    }
}

/// The run's own account of itself, `state.json`: what it was begun with and which checkpoints are whole.
struct RunRecord: Sendable, Equatable {
    /// A checkpoint that was written and synced.
    struct Entry: Sendable, Equatable {
        let step: Int
        let sizeBytes: Int
        let sha256: String

        var fileName: String { "step-\(step).safetensors" }
    }

    var identity: RunIdentity
    /// Whether the run was ever taken up with another identity, so that it cannot be repeated bit for bit.
    var isInexact = false
    var isFinished = false
    /// Where and why the run was content before its end; nil otherwise.
    var early: EarlyEnd?
    /// In order of their steps.
    var checkpoints: [Entry] = []
    /// How `metrics.jsonl` began when the newest checkpoint was written; nil before the first one.
    var metrics: Beginning?

    /// The first bytes of a file that grows.
    struct Beginning: Sendable, Equatable {
        let sizeBytes: Int
        let sha256: String
    }

    /// An end before the last step.
    struct EarlyEnd: Sendable, Equatable {
        let step: Int
        /// A sentence for people, without its full stop.
        let reason: String
    }

    init(identity: RunIdentity) { self.identity = identity }

    /// Nil for a document of another kind, and for one that is not what was written.
    init?(_ value: JSONValue) {
        guard let digest = value["dataset_sha256"]?.string, let threads = value["threads"]?.int,
            let version = value["code_version"]?.string, let list = value["checkpoints"]?.list,
            SealedDocument.isWhole(value)
        else { return nil }
        identity = RunIdentity(
            datasetDigest: digest, threads: threads, codeVersion: version, ranks: value["ranks"]?.int ?? 1)
        isInexact = value["inexact"]?.bool ?? false
        isFinished = value["finished"]?.bool ?? false
        if let step = value["finished_early"]?["step"]?.int, let reason = value["finished_early"]?["reason"]?.string {
            early = EarlyEnd(step: step, reason: reason)
        }
        for item in list {
            guard let step = item["step"]?.int, step >= 0, let size = item["size_bytes"]?.int,
                let sha256 = item["sha256"]?.string
            else { return nil }
            checkpoints.append(Entry(step: step, sizeBytes: size, sha256: sha256))
        }
        checkpoints.sort { $0.step < $1.step }
        if let size = value["metrics"]?["size_bytes"]?.int, size >= 0, let sha256 = value["metrics"]?["sha256"]?.string
        {
            metrics = Beginning(sizeBytes: size, sha256: sha256)
        }
    }

    var value: JSONValue {
        let list = checkpoints.map {
            JSONValue.object([
                .init("step", .int($0.step)), .init("file", .string("checkpoints/" + $0.fileName)),
                .init("size_bytes", .int($0.sizeBytes)), .init("sha256", .string($0.sha256)),
            ])
        }
        var members: [JSONValue.Member] = [
            .init("dataset_sha256", .string(identity.datasetDigest)), .init("threads", .int(identity.threads)),
            .init("code_version", .string(identity.codeVersion)), .init("inexact", .bool(isInexact)),
            .init("finished", .bool(isFinished)),
        ]
        if identity.ranks != 1 { members.append(.init("ranks", .int(identity.ranks))) }
        if let early {
            members.append(
                .init(
                    "finished_early",
                    .object([.init("step", .int(early.step)), .init("reason", .string(early.reason))])))
        }
        members.append(.init("checkpoints", .list(list)))
        if let metrics {
            members.append(
                .init(
                    "metrics",
                    .object([.init("size_bytes", .int(metrics.sizeBytes)), .init("sha256", .string(metrics.sha256))])))
        }
        return SealedDocument.sealed(.object(members))
    }
}
