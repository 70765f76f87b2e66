import Jobs
import Platform
import Synchronization

/// The other ranks of a job, as the first sees them: they wait until it has taken the job, or leaves without.
///
/// A class because whether they wait is shared state.
final class WorkerCompany: Sendable {
    private let ranks: Result<Communicator, TrainingFailure>
    private let isWaiting = Mutex(true)

    init(_ ranks: Result<Communicator, TrainingFailure>) { self.ranks = ranks }

    /// Lets them begin.
    ///
    /// - Throws: `WorkerFailure` where they are not there.
    func begin() throws -> Communicator {
        let ranks: Communicator
        do throws(TrainingFailure) { ranks = try self.ranks.get() } catch { throw WorkerFailure(error) }
        if tell() { _ = ranks.broadcast(1) }
        return ranks
    }

    /// Waits for them, whether they have begun or not, and lets go of them.
    ///
    /// - Throws: `CommunicatorError`.
    func leave() throws {
        guard let ranks = try? ranks.get(), ranks.size > 1 else { return }
        if tell() { _ = ranks.broadcast(0) }
        try ranks.leave()
    }

    /// Whether they have heard nothing yet.
    private func tell() -> Bool {
        isWaiting.withLock { isWaiting in
            defer { isWaiting = false }
            return isWaiting
        }
    }

    /// On another rank: waits for the first one's word whether there is something to do.
    static func hasBegun(_ ranks: Communicator) -> Bool { ranks.broadcast(0) == 1 }
}
