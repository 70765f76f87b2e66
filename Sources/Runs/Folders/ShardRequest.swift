/// One shard of a question that is cut: what its worker needs. What it finds goes into the folder of the job that it is a part of.
package struct ShardRequest: Sendable, Equatable, Codable {
    /// The whole question.
    package let question: AnalysisRequest
    package let shard: Int

    package init(_ question: AnalysisRequest, shard: Int) {
        self.question = question
        self.shard = shard
    }

    /// What people call it.
    package var name: String { "\(question.kind), shard \(shard + 1) of \(question.cut?.shards ?? 0)" }
}
