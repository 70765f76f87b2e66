import Catalogue
import Images
import Models
import Platform
import Synchronization
import Tensors

/// What an analysis works with: its images, the caches, and the way to the threads that compute.
package struct AnalysisContext: Sendable {
    let engine: AnalysisEngine
    let images: [ImageSource]
    /// Held until the question is answered, whoever deletes a model meanwhile.
    let networks: [String: LoadedNetwork]
    let time: TimeKeeper
    /// Is told how many images have gone through a model.
    let progress: (@Sendable (Int) -> Void)?
    /// Whether somebody looks at it and waits, so that it goes first.
    let isUrgent: Bool

    /// Images that may be wanted again are kept; those of a large set stream through.
    var keepsActivations: Bool { Self.keepsActivations(of: images.count) }

    static func keepsActivations(of images: Int) -> Bool { images <= 64 }

    /// The same with some of the images alone.
    func part(_ range: Range<Int>) -> AnalysisContext {
        AnalysisContext(
            engine: engine, images: Array(images[range]), networks: networks, time: time, progress: progress,
            isUrgent: isUrgent)
    }

    /// The network of a model.
    ///
    /// - Throws: `ServiceError.unavailable` where it was let go of when the question came.
    func network(of model: LoadedModel) throws(ServiceError) -> LoadedNetwork {
        guard let network = networks[model.fingerprint] else {
            throw .unavailable("The model was deleted, or is loading again. Ask again.")
        }
        return network
    }

    /// Calls `body` when there is memory for `bytes`; see `Compute.admitted`.
    func admitted<R: Sendable>(
        bytes: Int, alternative: String, _ body: @Sendable (ComputeSlices) async throws -> R
    ) async throws -> R {
        let start = ContinuousClock.now
        return try await engine.compute.admitted(bytes: bytes, alternative: alternative, isUrgent: isUrgent) { slices in
            time.add("queue", (ContinuousClock.now - start).seconds)
            return try await body(slices)
        }
    }

    /// Calls `body` when there is the memory that a task says it needs.
    func admitted<R: Sendable>(
        _ need: MemoryNeed?, _ body: @Sendable (ComputeSlices) async throws -> R
    ) async throws -> R {
        try await admitted(bytes: need?.bytes ?? 0, alternative: need?.alternative ?? "", body)
    }

    /// Takes the images at `indices` through `model` in batches; memory does not grow with their number.
    ///
    /// - Parameter work: looks inside one batch, on the thread that computes.
    /// - Returns: what `work` returned, batch by batch.
    func forEachBatch<R: Sendable>(
        of indices: [Int], model: LoadedModel, batchSize: Int, _ slices: ComputeSlices,
        _ work: @escaping @Sendable (ForwardBatch) throws -> R
    ) async throws -> [R] {
        var results: [R] = []
        try await pass(of: indices, model: model, batchSize: batchSize, slices, work) { results.append($0) }
        return results
    }

    /// Takes the images at `indices` through `model` in batches, and gives what `work` saw of each to `each`, in their
    /// order. Those who want the same images through the same model at the same time share the passes.
    private func pass<R: Sendable>(
        of indices: [Int], model: LoadedModel, batchSize: Int, _ slices: ComputeSlices,
        _ work: @escaping @Sendable (ForwardBatch) throws -> R, each: (R) -> Void
    ) async throws {
        if indices.count <= batchSize {
            guard !indices.isEmpty else { return }
            each(
                try await slices.run { slice in
                    let transformer = try network(of: model).transformer, input = try input(indices, model, slice)
                    try slice.checkCancellation()
                    return try work(
                        ForwardBatch(
                            indices: indices, input: input, transformer: transformer, slice: slice, context: self))
                })
            progress?(indices.count)
            return
        }
        let transformer = try network(of: model).transformer
        let key = SharedPasses.Key(
            model: model.fingerprint, images: indices.map { images[$0].key }, batchSize: batchSize)
        let parts = engine.passes.ride(
            key,
            make: {
                SharedPass(self, indices, batchSize: batchSize, slices, transformer) { try input($0, model, $1) }
            }, work: work)
        var left = indices.count
        for try await part in parts {
            each(part)
            progress?(min(batchSize, left))
            left -= batchSize
        }
        try Task.checkCancellation()
    }

    /// Takes every image through `model` and adds up what `look` saw, batch by batch in their order; memory does not
    /// grow with their number.
    ///
    /// - Parameters:
    ///   - look: looks inside one batch, on the thread that computes.
    ///   - add: adds what it saw to the sum.
    func fold<Sum: Sendable, Part: Sendable>(
        into start: Sum, model: LoadedModel, batchSize: Int, _ slices: ComputeSlices,
        look: @escaping @Sendable (ForwardBatch) throws -> Part, add: (inout Sum, Part) -> Void
    ) async throws -> Sum {
        var sum = start
        try await pass(of: Array(images.indices), model: model, batchSize: batchSize, slices, look) { add(&sum, $0) }
        return sum
    }

    /// Gives the numbers of every image to `add`, in the order of the images: those that are kept, and of the others what
    /// a look shows. Where nothing is kept afterwards, memory does not grow with the number of images.
    ///
    /// - Parameters:
    ///   - bytesPerImage: of its numbers.
    ///   - look: the numbers of a batch, each image's with its index.
    func forEachImage<Numbers: Sendable>(
        model: LoadedModel, keeping: Bool, bytesPerImage: Int, alternative: String,
        kept: (ImageSource) -> Numbers?, look: @escaping @Sendable (ForwardBatch) throws -> [(Int, Numbers)],
        add: @escaping (Numbers) -> Void
    ) async throws {
        let cost = ForwardCost(model.config), held = keeping ? images.count : min(images.count, cost.batchSize())
        var found = keeping ? images.map(kept) : []
        let missing = keeping ? found.indices.filter { found[$0] == nil } : Array(images.indices)
        if !missing.isEmpty {
            let bytes = saturatingSum(
                cost.bytes(images: min(missing.count, held)), saturatingProduct(held, bytesPerImage))
            // We wait here for whoever adds.
            let lent = Lent(add)
            let seen = try await admitted(bytes: bytes, alternative: alternative) { slices in
                var seen: [(Int, Numbers)] = []
                try await pass(of: missing, model: model, batchSize: cost.batchSize(), slices, look) { batch in
                    if keeping { seen += batch } else { for (_, numbers) in batch { lent.value(numbers) } }
                }
                return seen
            }
            for (index, numbers) in seen { found[index] = numbers }
        }
        for numbers in found.compactMap(\.self) { add(numbers) }
    }

    /// (batch, 3, height, width), decoded by all threads.
    private func input(_ batch: [Int], _ model: LoadedModel, _ slice: ComputeSlice) throws -> Tensor {
        try time.measure("decode") {
            let slots = Mutex([Result<Tensor, any Error>?](repeating: nil, count: batch.count))
            slice.pool.parallelFor(batch.count) { place, _ in
                let result = Result {
                    model.transform.normalized(
                        try engine.view(of: images[batch[place]], model.transform, keeping: keepsActivations))
                }
                slots.withLock { $0[place] = result }
            }
            return Tensor.stacking(try slots.withLock { $0 }.compactMap { try $0?.get() })
        }
    }
}
