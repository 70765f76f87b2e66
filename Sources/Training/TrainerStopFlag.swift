public import Jobs
import Synchronization

/// A wish of somebody outside, read between two steps. A class because both sides share it.
public final class StopFlag: Sendable {
    private let current = Mutex<WorkerWish?>(nil)

    public init() {}

    /// Asks for an end. A later wish takes the place of an earlier one, but for a cancel, which is final.
    public func raise(_ wish: WorkerWish = .stop) {
        current.withLock { if $0 != .cancel { $0 = wish } }
    }

    /// What was asked for; nil for nothing.
    public var wish: WorkerWish? { current.withLock { $0 } }
}
