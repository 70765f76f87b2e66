import Models
import Platform
import Synchronization
import Tensors

/// One batch of images that several look into: each runs until it wants the model's pass, and when all have come so far,
/// one pass shows each of them what it asked for.
///
/// A class because those who meet share it.
final class SharedForward: Sendable {
    private struct Want {
        let request: IntermediatesRequest
        let visit: Lent<(Intermediate) throws -> Void>
    }

    private let transformer: VisionTransformer
    private let input: Tensor
    private let pool: ThreadPool
    /// Told how long a pass took without what was looked at in it, seconds.
    private let count: @Sendable (Double) -> Void
    private let state = Mutex((wants: [Int: Want](), faults: [Int: any Error](), seconds: 0.0))

    init(
        _ transformer: VisionTransformer, _ input: Tensor, pool: ThreadPool, count: @escaping @Sendable (Double) -> Void
    ) {
        self.transformer = transformer
        self.input = input
        self.pool = pool
        self.count = count
    }

    /// Has each of `threads` do its part.
    ///
    /// - Parameter work: of the one at a place, on its thread.
    func run(_ threads: [SteppedThread], _ work: @escaping @Sendable (_ place: Int) -> Void) {
        var waiting = threads.indices.filter { place in threads[place].begin { work(place) } == .paused }
        while !waiting.isEmpty {
            let together = pass(waiting)
            waiting = waiting.filter { !together.contains($0) || threads[$0].goOn() == .paused }
        }
    }

    /// Waits for the pass that shows what `request` asks for; called on the thread of the one at `place`.
    ///
    /// - Returns: how long the pass took without what was looked at in it, seconds.
    func forward(
        _ place: Int, _ thread: SteppedThread, _ request: IntermediatesRequest,
        visit: (Intermediate) throws -> Void
    ) throws -> Double {
        try withoutActuallyEscaping(visit) { visit in
            let want = Lent(Want(request: request, visit: Lent(visit)))
            state.withLock { $0.wants[place] = want.value }
            thread.pause()
            return try state.withLock { state in
                state.wants[place] = nil
                if let fault = state.faults.removeValue(forKey: place) { throw fault }
                return state.seconds
            }
        }
    }

    private struct NobodyLooks: Error {}

    /// Runs the model for the first of `waiting` and all who can share its pass.
    ///
    /// - Returns: who they are.
    private func pass(_ waiting: [Int]) -> [Int] {
        let wants = state.withLock { Lent($0.wants) }.value
        var together: [(place: Int, want: Want)] = [], request: IntermediatesRequest?
        for place in waiting {
            guard let want = wants[place] else { continue }
            guard let before = request else {
                (request, together) = (want.request, [(place, want)])
                continue
            }
            guard let merged = before.merged(with: want.request) else { continue }
            request = merged
            together.append((place, want))
        }
        guard let request else { return waiting }
        var faults: [Int: any Error] = [:], inside = 0.0
        let start = ContinuousClock.now
        do {
            try transformer.forward(input, request: request, pool: pool) { intermediate in
                let entered = ContinuousClock.now
                for (place, want) in together where faults[place] == nil && want.request.asks(for: intermediate) {
                    do { try want.visit.value(want.request.own(intermediate, of: request)) } catch {
                        faults[place] = error
                    }
                }
                inside += (ContinuousClock.now - entered).seconds
                if faults.count == together.count { throw NobodyLooks() }
            }
        } catch {
            // Everybody has a fault of their own.
        }
        let seconds = (ContinuousClock.now - start).seconds - inside
        count(seconds)
        state.withLock { state in
            state.faults = faults
            state.seconds = seconds
        }
        return together.map(\.place)
    }
}
