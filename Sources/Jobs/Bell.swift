import Synchronization

/// Wakes one who sleeps. A class because both share it.
package final class Bell: Sendable {
    private struct State {
        var isRung = false
        var sleeper: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    /// Wakes the sleeper, or whoever sleeps next.
    package func ring() {
        let sleeper = state.withLock { state in
            state.isRung = state.sleeper == nil
            defer { state.sleeper = nil }
            return state.sleeper
        }
        sleeper?.resume()
    }

    /// Sleeps until somebody rings, for so long at the most, or until the task is cancelled. One sleeps at a time.
    package func wait(for duration: Duration) async {
        let timer = Task {
            // Without a tolerance the system may wake for it alone.
            guard (try? await Task.sleep(for: duration, tolerance: duration / 10)) != nil else { return }
            // On a busy machine the time may be over before anybody sleeps, who must not sleep then.
            ring()
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
}
