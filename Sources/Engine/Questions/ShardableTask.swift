import Catalogue
import JSON

/// An analysis whose images can be looked at in shards: each shard gives sums, and the sums of neighbouring shards add up to
/// those of both, so that many processes, or machines, can share one question.
protocol ShardableTask: AnalysisTask {
    associatedtype Sums: ShardSums
    /// Images that are looked at together; a shard begins at a multiple of it.
    var imagesTogether: Int { get }

    /// What the images of `context` come to.
    func sums(_ context: AnalysisContext) async throws -> Sums
    /// - Parameter images: how many the sums are of.
    func answer(_ sums: Sums, images: Int) -> AnalysisAnswer
}

/// What a shard has seen. Its coding keeps every bit.
protocol ShardSums: Sendable, Codable {
    /// Takes in what `next` has seen, as if it had come after this.
    ///
    /// - Returns: false where that is of another shape, and nothing is taken in.
    mutating func take(_ next: Self) -> Bool
}

extension ShardableTask {
    var imagesTogether: Int { 1 }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        answer(try await sums(context), images: context.images.count)
    }

    /// What the images of `context` come to, shard after shard.
    func answer(in shards: [Range<Int>], _ context: AnalysisContext) async throws -> AnalysisAnswer {
        var all: Sums?
        for shard in shards { try Self.add(try await sums(context.part(shard)), to: &all) }
        return try answer(all, images: context.images.count)
    }

    /// The sums of the images of `context`, as a file keeps them.
    func encodedSums(_ context: AnalysisContext) async throws -> JSONValue {
        try JSONValue(encoding: try await sums(context))
    }

    /// Whether `sums`, as a file keeps them, can be those of a shard.
    func understands(_ sums: JSONValue) -> Bool { (try? sums.decoded(as: Sums.self)) != nil }

    /// What all shards come to.
    ///
    /// - Parameter shards: the sums of each as a file keeps them, in order.
    func answer(of shards: [JSONValue], images: Int) throws -> AnalysisAnswer {
        var all: Sums?
        for shard in shards { try Self.add(try shard.decoded(as: Sums.self), to: &all) }
        return try answer(all, images: images)
    }

    private static func add(_ next: Sums, to all: inout Sums?) throws {
        guard all != nil else { return all = next }
        guard all?.take(next) == true else {
            throw ServiceError.internalFault("the shards are not of one question")
        }
    }

    private func answer(_ all: Sums?, images: Int) throws -> AnalysisAnswer {
        guard let all else { throw ServiceError.internalFault("a question without shards") }
        return answer(all, images: images)
    }
}
