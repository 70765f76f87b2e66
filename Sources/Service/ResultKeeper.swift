import Engine
import Jobs
import Platform
import Synchronization

/// Keeps results on the disk after their answers are under way: what comes while others are written goes into the next
/// transaction together. Nobody who asks waits for it. A class because what is under way is shared.
final class ResultKeeper: Sendable {
    /// What is to be kept of one result; takes time where the result is large.
    typealias Making = @Sendable () -> StoredResult

    private struct State {
        var waiting: [(bytes: Int, make: Making)] = []
        var bytes = 0
        var isBusy = false
        /// Counts those that are done.
        var kept = 0
        /// Who waits for those up to a place to be kept.
        var settling: [(place: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    /// A disk that is slower than the questions has so many bytes of results before it, and is given no more.
    private static let mostBytes = 256 << 20
    /// Results in one transaction.
    private static let most = 64

    private let state = Mutex(State())
    private let thread = WorkerThread()

    /// Keeps what `make` makes, soon.
    ///
    /// - Parameter bytes: that the result holds.
    /// - Returns: false where so much waits already that it is not kept.
    func keep(in archive: ResultArchive, bytes: Int, _ make: @escaping Making) -> Bool {
        let (isTaken, begins) = state.withLock { state in
            guard state.waiting.isEmpty || state.bytes <= Self.mostBytes - bytes else { return (false, false) }
            state.waiting.append((bytes, make))
            state.bytes += bytes
            defer { state.isBusy = true }
            return (true, !state.isBusy)
        }
        if begins { Task { await work(archive) } }
        return isTaken
    }

    private func work(_ archive: ResultArchive) async {
        var isOver = false
        while !isOver {
            let batch = state.withLock { Array($0.waiting.prefix(Self.most)) }
            let results = try? await thread.run { batch.map { $0.make() } }
            await archive.keep(results ?? [])
            let settled: [CheckedContinuation<Void, Never>]
            (settled, isOver) = state.withLock { state in
                state.waiting.removeFirst(batch.count)
                state.bytes -= batch.reduce(0) { $0 + $1.bytes }
                state.kept += batch.count
                state.isBusy = !state.waiting.isEmpty
                let settled = state.settling.filter { $0.place <= state.kept }
                state.settling.removeAll { $0.place <= state.kept }
                return (settled.map(\.continuation), !state.isBusy)
            }
            for continuation in settled { continuation.resume() }
        }
    }

    /// Waits until everything that came before is kept.
    func settle() async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if !state.isBusy { return true }
                state.settling.append((state.kept + state.waiting.count, continuation))
                return false
            }
            if isDone { continuation.resume() }
        }
    }
}
