package import Catalogue
import Platform
import Tensors

/// The only door to the threads that compute.
///
/// Work is admitted by the memory it will need, waits its turn in a line of bounded length, and then runs in slices
/// (a batch of images, say) on one thread of its own, which shares its loops with the pool. Slices of several admitted
/// analyses alternate, so a long one does not keep a short one waiting; what somebody looks at and waits for goes before
/// both, in the line and on the thread. An actor because the line is shared mutable state.
package actor Compute {
    /// What the metrics tell.
    package struct Counts: Sendable {
        package var running = 0
        package var waiting = 0
        package var bytes = 0
        package var refused = 0
    }

    private struct Waiter {
        let id: Int
        let work: Work
        let continuation: CheckedContinuation<Void, any Error>
    }

    /// What wants to be admitted.
    private struct Work {
        let bytes: Int
        let isUrgent: Bool
    }

    private let pool: ThreadPool
    private let thread = WorkerThread { NumericLibraries.prepareThread() }
    /// Memory that admitted analyses may need together, bytes.
    nonisolated let budget: Int
    private let queueLength: Int
    private let concurrency: Int
    /// So many urgent ones run beside as many others as may.
    private static let urgentPlaces = 4
    /// So many urgent ones go before the first of the others; then it is its turn.
    private static let mostOvertaking = 1000
    private var waiters: [Waiter] = []
    private var overtaking = 0
    private var lastWaiter = 0
    private var counts = Counts()
    /// The mean time of the last analyses, for the guess of when to come again.
    private var meanSeconds = 1.0

    package init(threads: Int, budget: Int, queueLength: Int, concurrency: Int = 8) {
        pool = ThreadPool(threads: max(threads, 1)) { NumericLibraries.prepareThread() }
        self.budget = budget
        self.queueLength = queueLength
        self.concurrency = concurrency
    }

    /// What runs and waits.
    package func snapshot() -> Counts {
        var counts = counts
        counts.waiting = waiters.count
        return counts
    }

    /// Calls `body` when there is room for `bytes` more of memory, with a way to run slices.
    ///
    /// - Parameter isUrgent: whether somebody looks at it and waits, so that it goes first.
    /// - Throws: `ServiceError.tooLarge` at once where they never fit, `busy` where the line is full,
    ///   `CancellationError`, and what `body` throws.
    package func admitted<R: Sendable>(
        bytes: Int, alternative: String, isUrgent: Bool = false, _ body: @Sendable (ComputeSlices) async throws -> R
    ) async throws -> R {
        try Self.check(bytes: bytes, budget: budget, alternative: alternative)
        try await enter(Work(bytes: bytes, isUrgent: isUrgent))
        let start = ContinuousClock.now
        defer { leave(bytes, after: ContinuousClock.now - start) }
        return try await body(ComputeSlices(pool: pool, thread: thread, isUrgent: isUrgent))
    }

    /// - Throws: `ServiceError.tooLarge` where so much memory is never there.
    package static func check(bytes: Int, budget: Int, alternative: String) throws(ServiceError) {
        guard bytes > budget else { return }
        throw .tooLarge(
            "This needs about \(ByteCount.text(bytes)) of memory, and an analysis may use \(ByteCount.text(budget)).",
            alternative: alternative)
    }

    private func enter(_ work: Work) async throws {
        try Task.checkCancellation()
        let place = place(of: work)
        if place == 0, hasRoom(for: work) {
            if !waiters.isEmpty { overtaking += 1 }
            take(work)
            return
        }
        guard waiters.count < queueLength else {
            counts.refused += 1
            let seconds = meanSeconds * Double(waiters.count + counts.running) / Double(min(concurrency, 2))
            throw ServiceError.busy(
                "All places in the line of analyses are taken.",
                retryAfter: Int(rounding: seconds, .up, into: 1...60) ?? 60)
        }
        lastWaiter += 1
        let id = lastWaiter
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                // A cancel from before this moment found nobody to send away.
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    waiters.insert(Waiter(id: id, work: work, continuation: continuation), at: place)
                }
            }
        } onCancel: {
            Task { await self.sendAway(id) }
        }
    }

    /// Where it comes into the line: behind all who are there, or, where it is urgent, behind those who are urgent, too.
    private func place(of work: Work) -> Int {
        guard work.isUrgent, overtaking < Self.mostOvertaking else { return waiters.count }
        return waiters.firstIndex { !$0.work.isUrgent } ?? waiters.count
    }

    private func sendAway(_ id: Int) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        waiters.remove(at: index).continuation.resume(throwing: CancellationError())
        admitNext()
    }

    private func leave(_ bytes: Int, after duration: Duration) {
        counts.running -= 1
        counts.bytes -= bytes
        meanSeconds = meanSeconds * 0.8 + duration.seconds * 0.2
        admitNext()
    }

    /// In the order of the line: a large one at the head is not overtaken for ever by small ones.
    private func admitNext() {
        while let first = waiters.first, hasRoom(for: first.work) {
            waiters.removeFirst()
            if !first.work.isUrgent {
                overtaking = 0
            } else if waiters.contains(where: { !$0.work.isUrgent }) {
                overtaking += 1
            }
            take(first.work)
            first.continuation.resume()
        }
    }

    private func hasRoom(for work: Work) -> Bool {
        counts.running < concurrency + (work.isUrgent ? Self.urgentPlaces : 0)
            && (counts.running == 0 || counts.bytes <= budget - work.bytes)
    }

    private func take(_ work: Work) {
        counts.running += 1
        counts.bytes += work.bytes
    }
}

/// Runs slices of an admitted analysis.
package struct ComputeSlices: Sendable {
    fileprivate let pool: ThreadPool
    fileprivate let thread: WorkerThread
    fileprivate let isUrgent: Bool

    /// Runs `work` on the thread that computes, after the slices that were there before, or before those where it is urgent.
    ///
    /// - Throws: `CancellationError` where the task was cancelled before or while it ran, and what `work` throws.
    package func run<R: Sendable>(_ work: @escaping @Sendable (ComputeSlice) throws -> R) async throws -> R {
        let mark = CancelMark()
        return try await withTaskCancellationHandler {
            try await thread.run(ahead: isUrgent) { [pool] in
                let slice = ComputeSlice(pool: pool, mark: mark)
                try slice.checkCancellation()
                return try work(slice)
            }
        } onCancel: {
            mark.set()
        }
    }
}

/// What a slice works with.
package struct ComputeSlice: Sendable {
    let pool: ThreadPool
    let mark: CancelMark

    /// - Throws: `CancellationError` where nobody waits for the result any more.
    package func checkCancellation() throws {
        if mark.isSet { throw CancellationError() }
    }
}

extension Duration {
    /// As seconds.
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
