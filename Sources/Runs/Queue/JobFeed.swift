package import Jobs
import Synchronization

/// Wakes those who wait for something to happen to a job.
///
/// A class because all who wait and all who change share it.
package final class JobFeed: Sendable {
    private struct State {
        /// Counts changes of all jobs together.
        var generation = 0
        /// The generation of each job's last change, unless it is one of the oldest.
        var changes: [JobID: Int] = [:]
        /// Changes up to this generation may have been forgotten.
        var forgotten = 0
        var waiters: [JobID: [Int: CheckedContinuation<Void, Never>]] = [:]
        var lastKey = 0
        var isOver = false
        var listener: (@Sendable () -> Void)?
    }

    /// So many changes are remembered at least.
    private let remembered: Int
    private let state = Mutex(State())

    package init(remembered: Int = 4096) { self.remembered = remembered }

    /// Whether the service stops, so that nobody should wait any more.
    package var isOver: Bool { state.withLock { $0.isOver } }

    /// Calls `listener` whenever somebody else than the runner of jobs has changed one.
    func listen(_ listener: @escaping @Sendable () -> Void) { state.withLock { $0.listener = listener } }

    /// Something has happened to `id`.
    ///
    /// - Parameter isOwn: whether the runner of jobs did it, which need not be told.
    package func changed(_ id: JobID, isOwn: Bool = false) {
        let (waiters, listener) = state.withLock { state in
            state.generation += 1
            state.changes[id] = state.generation
            if state.changes.count > 2 * remembered {
                let last = state.generation - remembered
                state.changes = state.changes.filter { $0.value > last }
                state.forgotten = last
            }
            return (state.waiters.removeValue(forKey: id) ?? [:], isOwn ? nil : state.listener)
        }
        for waiter in waiters.values { waiter.resume() }
        listener?()
    }

    /// The job is gone: nothing will happen to it any more.
    package func forget(_ id: JobID) {
        changed(id)
        state.withLock { $0.changes[id] = nil }
    }

    /// The service stops: nobody waits any longer.
    package func end() {
        let waiters = state.withLock { state in
            state.isOver = true
            defer { state.waiters = [:] }
            return state.waiters.values.flatMap(\.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Asks `look` now and after every change of `id` until it answers something, or until the time is over, the
    /// service stops or the task is cancelled.
    ///
    /// - Parameter look: answers nil to wait on.
    /// - Returns: nil where it never answered.
    package func wait<R: Sendable>(
        for id: JobID, seconds: Double, _ look: @Sendable () async throws -> R?
    ) async throws -> R? {
        let deadline = ContinuousClock.now + .seconds(max(0, min(seconds, 3600)))
        while true {
            let seen = state.withLock { $0.generation }
            if let found = try await look() { return found }
            guard ContinuousClock.now < deadline, !isOver, !Task.isCancelled else { return nil }
            await withTaskGroup { group in
                group.addTask { await self.change(of: id, after: seen) }
                group.addTask { try? await Task.sleep(until: deadline, clock: .continuous) }
                await group.next()
                group.cancelAll()
            }
        }
    }

    private func change(of id: JobID, after seen: Int) async {
        let key = state.withLock { state in
            state.lastKey += 1
            return state.lastKey
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    // Where it is not known whether there was a change, whoever waits looks once more.
                    guard !state.isOver, state.changes[id] ?? state.forgotten <= seen else { return false }
                    state.waiters[id, default: [:]][key] = continuation
                    return true
                }
                // A cancel from before this moment found nobody to wake.
                if !waits { continuation.resume() } else if Task.isCancelled { wake(id, key) }
            }
        } onCancel: {
            wake(id, key)
        }
    }

    private func wake(_ id: JobID, _ key: Int) {
        let waiter = state.withLock { state in
            let waiter = state.waiters[id]?.removeValue(forKey: key)
            if state.waiters[id]?.isEmpty == true { state.waiters[id] = nil }
            return waiter
        }
        waiter?.resume()
    }
}
