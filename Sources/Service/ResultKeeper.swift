import Synchronization

/// Keeps results on the disk after their answers are under way, one after another. A class because what is under way is
/// shared.
final class ResultKeeper: Sendable {
    private struct State {
        var last: Task<Void, Never>?
        var waiting = 0
    }

    /// Who finds more under way waits for them: a disk that is slower than the questions slows them down.
    private static let most = 32

    private let state = Mutex(State())

    /// Calls `work` after what came before.
    func keep(_ work: @escaping @Sendable () async -> Void) async {
        let (task, waits) = state.withLock { state in
            let before = state.last
            let task = Task {
                await before?.value
                await work()
                self.state.withLock { $0.waiting -= 1 }
            }
            state.last = task
            state.waiting += 1
            return (task, state.waiting > Self.most)
        }
        if waits { await task.value }
    }

    /// Waits until everything that came before is kept.
    func settle() async { await state.withLock { $0.waiting > 0 ? $0.last : nil }?.value }
}
