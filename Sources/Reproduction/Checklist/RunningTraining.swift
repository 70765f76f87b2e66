import Runs
import Synchronization

/// The training run of the moment, for a signal to stop. A class because two threads share it.
final class RunningTraining: Sendable {
    private struct State {
        var run: TrainingRun?
        var isStopped = false
    }

    private let state = Mutex(State())

    /// Whether `run` may begin: not after `stop`.
    func begin(_ run: TrainingRun) -> Bool {
        state.withLock { state in
            state.run = run
            return !state.isStopped
        }
    }

    /// Stops the run of the moment and all to come.
    func stop() {
        let run = state.withLock { state in
            state.isStopped = true
            return state.run
        }
        run?.stop()
    }
}
