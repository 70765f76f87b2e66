import Synchronization

/// Wakes one who sleeps. A class because both share it.
final class Bell: Sendable {
    private struct State {
        var isRung = false
        var sleeper: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Wakes the sleeper, or whoever sleeps next.
    func ring() {
        let sleeper = state.withLock { state in
            state.isRung = state.sleeper == nil
            defer { state.sleeper = nil }
            return state.sleeper
        }
        sleeper?.resume()
    }

    /// Sleeps until somebody rings, for so long at the most, or until the task is cancelled. One sleeps at a time.
    func wait(for duration: Duration) async {
        let timer = Task {
            // Without a tolerance the system may wake for it alone.
            try? await Task.sleep(for: duration, tolerance: duration / 10)
            wakeSleeper()
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let sleeps = state.withLock { state in
                    guard !state.isRung, !Task.isCancelled else {
                        state.isRung = false
                        return false
                    }
                    state.sleeper = continuation
                    return true
                }
                if !sleeps { continuation.resume() }
            }
        } onCancel: {
            ring()
        }
        timer.cancel()
    }

    private func wakeSleeper() {
        let sleeper = state.withLock { state in
            defer { state.sleeper = nil }
            return state.sleeper
        }
        sleeper?.resume()
    }
}
