import Catalogue

/// A question whose images are looked at in shards, whoever looks at each: what the sums of the shards, added in their order,
/// come to. How the images are cut decides the last bits of the numbers, so it is part of the result's name.
struct ShardedTask: AnalysisTask {
    let whole: any ShardableTask
    /// The images of each shard, in order.
    let shards: [Range<Int>]

    var models: [NamedModel] { whole.models }
    var passes: Int { whole.passes }
    var secondsBeside: Double { whole.secondsBeside }

    func need(images: Int) -> MemoryNeed? { whole.need(images: shards.map(\.count).max() ?? images) }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        try await whole.answer(in: shards, context)
    }
}

extension ShardedTask {
    /// Reads the parameter `shards` of a kind that has it; `task` itself where it is not given, nil with a fault noted where
    /// the question cannot be cut so.
    static func reading(
        _ values: inout ParameterValues, _ task: (any AnalysisTask)?, images: Int
    ) -> (any AnalysisTask)? {
        guard let count = values[DeclaredParameter.shards] else {
            values.omit(DeclaredParameter.shards)
            return task
        }
        guard let task, images < .max else { return task }
        guard let whole = task as? any ShardableTask else {
            values.add(
                DeclaredParameter.shards,
                "This question is not cut into shards with these parameters; leave shards out.")
            return nil
        }
        let together = whole.imagesTogether, most = (images - 1) / together + 1
        guard together < images, count <= most else {
            values.add(
                DeclaredParameter.shards,
                together < images
                    ? "The \(images) images give at most \(most) shards\(together > 1 ? " of whole batches" : "")."
                    : "All \(images) images are looked at together, so there is nothing to cut. "
                        + (together > 1 ? "Give a smaller batch_size." : "Give more of them."))
            return nil
        }
        return ShardedTask(whole: whole, shards: cut(images, into: count, together: together))
    }

    /// `count` stretches of as equal a length as can be, each but the last of a multiple of `together` images.
    static func cut(_ images: Int, into count: Int, together: Int) -> [Range<Int>] {
        let units = (images - 1) / together + 1
        func place(_ shard: Int) -> Int { min(units * shard / count * together, images) }
        return (0..<count).map { place($0)..<place($0 + 1) }
    }
}
