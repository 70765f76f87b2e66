import Jobs

/// Computes one shard of a question, and leaves what it comes to in the folder of the job that it is a part of.
struct ShardWork: Sendable {
    private let shard: Int
    private let analysis: AnalysisWork
    /// Of the whole question.
    private let whole: JobFolder

    /// - Throws: `WorkerFailure` for a job that is no part of another.
    init(
        _ request: ShardRequest, _ spec: JobSpec, _ folder: JobFolder, _ events: WorkerEvents, codeVersion: String
    ) throws {
        guard let whole = spec.parentID.flatMap(folder.neighbour) else {
            throw WorkerFailure(
                failure: JobFailure(.configuration, "The question that this is a shard of has no name."))
        }
        self.whole = whole
        shard = request.shard
        analysis = AnalysisWork(request.question, spec, folder, events, codeVersion: codeVersion)
    }

    func run() async throws -> WorkerLook.Outcome {
        try await analysis.runShard(shard, for: whole)
        return .succeeded
    }
}
