import Catalogue
import Platform

// Questions in shards, each of which somebody else may compute.
extension AnalysisEngine {
    /// Computes one shard of a question.
    ///
    /// - Parameter progress: is told how many images are done.
    package func shard(
        _ shard: Int, of analysis: PreparedAnalysis, progress: (@Sendable (Int) -> Void)? = nil
    ) async throws -> ShardState {
        guard let task = analysis.task as? ShardedTask, task.shards.indices.contains(shard) else {
            throw ServiceError.internalFault("the question has no shard \(shard)")
        }
        let images = task.shards[shard]
        let context = context(of: analysis, TimeKeeper(), progress: progress).part(images)
        return ShardState(
            shard: shard, images: images, host: Machine.hostName, sums: try await task.whole.encodedSums(context))
    }

    /// What all shards of a question come to.
    ///
    /// - Parameter shards: all of them, in order.
    package func merge(_ shards: [ShardState], of analysis: PreparedAnalysis) throws -> AnalysisResult {
        guard let task = analysis.task as? ShardedTask, shards.map(\.images) == task.shards, !shards.isEmpty else {
            throw ServiceError.internalFault("these are not the shards of the question")
        }
        let time = TimeKeeper()
        let answer = try time.measure("merge") {
            try task.whole.answer(of: shards.map(\.sums), images: analysis.images.sources.count)
        }
        return AnalysisResult(analysis, answer: answer, time: time)
    }
}
