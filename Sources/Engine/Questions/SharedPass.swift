import Models
import Platform
import Synchronization
import Tensors

/// A pass of many images through a model for all who ride along, batch by batch.
///
/// A class because its riders are shared.
final class SharedPass: Sendable {
    /// One who looks into each batch.
    struct Rider: Sendable {
        /// Set where nobody waits for it any more.
        let mark: CancelMark
        let look: @Sendable (ForwardBatch) -> Void
        /// The last batch was looked into, or there is an error.
        let end: @Sendable ((any Error)?) -> Void
    }

    private struct State {
        var riders: [Rider] = []
        var isUnderWay = false
        /// How many are waited for.
        var wanted = Int.max
        var isGathered = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let context: AnalysisContext
    private let indices: [Int]
    private let batchSize: Int
    private let slices: ComputeSlices
    /// (batch, 3, height, width), decoded.
    private let input: @Sendable ([Int], ComputeSlice) throws -> Tensor
    private let transformer: VisionTransformer
    private let state = Mutex(State())

    init(
        _ context: AnalysisContext, _ indices: [Int], batchSize: Int, _ slices: ComputeSlices,
        _ transformer: VisionTransformer, input: @escaping @Sendable ([Int], ComputeSlice) throws -> Tensor
    ) {
        self.context = context
        self.indices = indices
        self.batchSize = batchSize
        self.slices = slices
        self.transformer = transformer
        self.input = input
    }

    /// Takes somebody along; false where it is under way.
    func take(_ rider: Rider) -> Bool {
        let (isTaken, isLast) = state.withLock { state in
            guard !state.isUnderWay else { return (false, false) }
            state.riders.append(rider)
            return (true, state.riders.count >= state.wanted)
        }
        if isLast { depart() }
        return isTaken
    }

    /// Gathers riders, then takes every batch through.
    ///
    /// - Parameter departing: called when nobody can ride along any more.
    func run(_ gathering: SharedPasses.Gathering, departing: @escaping @Sendable () -> Void) async {
        await gather(gathering)
        var threads: [SteppedThread] = []
        var riders: [Rider] = []
        do {
            for start in stride(from: 0, to: indices.count, by: batchSize) {
                let batch = Array(indices[start..<min(start + batchSize, indices.count)])
                // Those who come while the thread that computes is busy ride along.
                (riders, threads) = try await slices.run { [self, threads] slice in
                    let riders = state.withLock { state in
                        state.isUnderWay = true
                        return state.riders
                    }
                    if start == 0 { departing() }
                    let here = riders.indices.filter { !riders[$0].mark.isSet }
                    if here.isEmpty { throw CancellationError() }
                    let pixels = try input(batch, slice)
                    var threads = threads
                    if here.count > 1, threads.isEmpty {
                        threads = riders.map { _ in SteppedThread { NumericLibraries.prepareThread() } }
                    }
                    look(at: pixels, batch, here.map { (riders[$0], threads.isEmpty ? nil : threads[$0]) }, slice)
                    return (riders, threads)
                }
            }
            for rider in riders { rider.end(nil) }
        } catch {
            departing()
            let riders = state.withLock { state in
                state.isUnderWay = true
                return state.riders
            }
            for rider in riders { rider.end(error) }
        }
    }

    private func gather(_ gathering: SharedPasses.Gathering) async {
        guard gathering.patience > .zero else { return }
        let isThere = state.withLock { state in
            state.wanted = gathering.riders
            return state.riders.count >= gathering.riders
        }
        if isThere { return }
        let timer = Task { [self] in
            try? await Task.sleep(for: gathering.patience)
            depart()
        }
        await withCheckedContinuation { continuation in
            let isGathered = state.withLock { state in
                if !state.isGathered { state.waiting = continuation }
                return state.isGathered
            }
            if isGathered { continuation.resume() }
        }
        timer.cancel()
    }

    /// Nobody is waited for any longer.
    private func depart() {
        let waiting = state.withLock { state in
            state.isGathered = true
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    private func look(
        at pixels: Tensor, _ batch: [Int], _ riders: [(rider: Rider, thread: SteppedThread?)], _ slice: ComputeSlice
    ) {
        func forwardBatch(_ rider: Rider, _ seat: ForwardBatch.Seat?) -> ForwardBatch {
            ForwardBatch(
                indices: batch, input: pixels, transformer: transformer,
                slice: ComputeSlice(pool: slice.pool, mark: rider.mark), context: context, seat: seat)
        }
        let seated = riders.compactMap { entry in entry.thread.map { (rider: entry.rider, thread: $0) } }
        guard seated.count > 1 else {
            for (rider, _) in riders { rider.look(forwardBatch(rider, nil)) }
            return
        }
        let engine = context.engine
        let shared = SharedForward(transformer, pixels, pool: slice.pool) {
            engine.countForward(images: batch.count, seconds: $0)
        }
        let batches = seated.enumerated().map { place, entry in
            forwardBatch(entry.rider, .init(shared: shared, place: place, thread: entry.thread))
        }
        shared.run(seated.map(\.thread)) { place in seated[place].rider.look(batches[place]) }
    }
}
