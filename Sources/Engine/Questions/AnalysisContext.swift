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

    /// Images that may be wanted again are kept; those of a large set stream through.
    var keepsActivations: Bool { images.count <= 64 }

    /// The network of a model.
    ///
    /// - Throws: `ServiceError.busy` where it was let go of when the question came.
    func network(of model: LoadedModel) throws(ServiceError) -> LoadedNetwork {
        guard let network = networks[model.fingerprint] else {
            throw .busy("The model was deleted, or is loading again.", retryAfter: 1)
        }
        return network
    }

    /// Calls `body` when there is memory for `bytes`; see `Compute.admitted`.
    func admitted<R: Sendable>(
        bytes: Int, alternative: String, _ body: @Sendable (ComputeSlices) async throws -> R
    ) async throws -> R {
        let start = ContinuousClock.now
        return try await engine.compute.admitted(bytes: bytes, alternative: alternative) { slices in
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
        for start in stride(from: 0, to: indices.count, by: batchSize) {
            let batch = Array(indices[start..<min(start + batchSize, indices.count)])
            let result = try await slices.run { slice in
                let network = try network(of: model), input = try input(batch, model, slice)
                try slice.checkCancellation()
                return try work(
                    ForwardBatch(
                        indices: batch, input: input, transformer: network.transformer, slice: slice, context: self))
            }
            results.append(result)
            progress?(batch.count)
        }
        return results
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
        for first in stride(from: 0, to: images.count, by: batchSize) {
            let indices = Array(first..<min(first + batchSize, images.count))
            for part in try await forEachBatch(of: indices, model: model, batchSize: batchSize, slices, look) {
                add(&sum, part)
            }
        }
        return sum
    }

    /// Gives the numbers of every image to `add`, in the order of the images: those that are kept, and of the others what
    /// a look shows. All at once where they are kept afterwards, otherwise a stretch at a time, so that memory does not
    /// grow with the number of images.
    ///
    /// - Parameters:
    ///   - bytesPerImage: of its numbers.
    ///   - look: the numbers of a batch, each image's with its index.
    func forEachImage<Numbers: Sendable>(
        model: LoadedModel, keeping: Bool, bytesPerImage: Int, alternative: String,
        kept: (ImageSource) -> Numbers?, look: @escaping @Sendable (ForwardBatch) throws -> [(Int, Numbers)],
        add: (Numbers) -> Void
    ) async throws {
        let cost = ForwardCost(model.config), stretch = keeping ? images.count : cost.batchSize()
        for start in stride(from: 0, to: images.count, by: max(stretch, 1)) {
            let indices = Array(start..<min(start + stretch, images.count))
            var found = indices.map { kept(images[$0]) }
            let missing = found.indices.filter { found[$0] == nil }.map { indices[$0] }
            if !missing.isEmpty {
                let bytes = saturatingSum(
                    cost.bytes(images: missing.count), saturatingProduct(found.count, bytesPerImage))
                let batches = try await admitted(bytes: bytes, alternative: alternative) { slices in
                    try await forEachBatch(
                        of: missing, model: model, batchSize: cost.batchSize(), slices, look)
                }
                for (index, numbers) in batches.flatMap({ $0 }) { found[index - start] = numbers }
            }
            for numbers in found.compactMap(\.self) { add(numbers) }
        }
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

/// Some images on their way through a model.
struct ForwardBatch {
    /// Which of the analysis' images they are.
    let indices: [Int]
    fileprivate let input: Tensor
    fileprivate let transformer: VisionTransformer
    fileprivate let slice: ComputeSlice
    fileprivate let context: AnalysisContext

    var pool: ThreadPool { slice.pool }

    /// What goes in, (batch, 3, height, width), normalized.
    var pixels: Tensor { input }

    /// - Throws: `CancellationError` where nobody waits any more.
    func checkCancellation() throws { try slice.checkCancellation() }

    /// The images themselves.
    var sources: [ImageSource] { indices.map { context.images[$0] } }

    /// The same images, changed: `change` gets and gives (batch, 3, height, width), normalized.
    func changed(_ change: (Tensor) -> Tensor) -> ForwardBatch {
        ForwardBatch(
            indices: indices, input: change(input), transformer: transformer, slice: slice, context: context)
    }

    /// Runs the model as far as `request` needs.
    ///
    /// - Throws: `CancellationError` between layers, and what `visit` throws.
    func forward(_ request: IntermediatesRequest, visit: (Intermediate) throws -> Void) throws {
        var inside = 0.0
        let start = ContinuousClock.now
        try transformer.forward(input, request: request, pool: slice.pool) { intermediate in
            try slice.checkCancellation()
            let entered = ContinuousClock.now
            try visit(intermediate)
            inside += (ContinuousClock.now - entered).seconds
        }
        let seconds = (ContinuousClock.now - start).seconds - inside
        context.time.add("forward", seconds)
        context.time.add("analysis", inside)
        context.engine.countForward(images: indices.count, seconds: seconds)
    }
}
