public import Jobs
import JSON
import Platform
import Synchronization

/// A rank that computes with the first one, which alone has files and speaks for all.
///
/// A class because wishes reach a run under way.
public final class RankFollower: Sendable {
    /// Who fails waits so long for the first rank to say why, which ends all.
    private static let patience = Duration.seconds(30)

    private let request: TrainingRequest
    private let state = Mutex<(run: TrainingRun?, wish: WorkerWish?)>((nil, nil))

    public init(_ request: TrainingRequest) { self.request = request }

    /// Asks all ranks to save what there is and stop before the next step.
    public func stop() { ask(for: .stop) }

    /// Asks for something that all ranks do before the next step.
    public func ask(for wish: WorkerWish) {
        let run = state.withLock { state in
            state.wish = wish
            return state.run
        }
        run?.ask(for: wish)
    }

    /// Computes to the end, and lets go of the others.
    ///
    /// - Parameter warn: takes what is odd about this rank's images.
    /// - Returns: whether the run was stopped before its end.
    /// - Throws: `TrainingFailure`, where the first rank did not end this one before.
    public func follow(warn: @escaping @Sendable (String) -> Void) async throws -> Bool {
        do {
            let run = try TrainingRun(request)
            let wish = state.withLock { state in
                state.run = run
                return state.wish
            }
            if let wish { run.ask(for: wish) }
            let isStopped = try await run.run { report in
                if report.value["event"]?.string == "warning", let words = report.message { warn(words) }
            }
            try request.ranks.leave()
            return isStopped
        } catch {
            let failure = TrainingRun.failure(error)
            warn(failure.message)
            try? await Task.sleep(for: Self.patience)
            request.ranks.abort()
            throw failure
        }
    }
}
