import Synchronization

/// Ends a process of ours that does not end by itself. A class because whoever runs the process and whoever has had enough
/// of it share it.
final class ChildKiller: Sendable {
    private struct State {
        var isWanted = false
        var kill: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Ends the process, or as soon as it runs; does nothing after its end.
    func kill() {
        // Within the lock: the process is not let go of, and its number not given to another, meanwhile.
        state.withLock { state in
            state.isWanted = true
            state.kill?()
        }
    }

    /// The process runs.
    func hold(_ kill: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.kill = kill
            if state.isWanted { kill() }
        }
    }

    /// The process has ended.
    func release() { state.withLock { $0.kill = nil } }
}
