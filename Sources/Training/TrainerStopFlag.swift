import Synchronization

/// What somebody wants of a run that is under way.
public enum StopWish: String, Sendable, CaseIterable {
    /// Save a checkpoint and end; the run goes on from it when it is started again.
    case stop
    /// End without saving.
    case cancel
    /// Be content with what there is: save, write the model, and be finished.
    case finish
}

/// A wish of somebody outside, read between two steps. A class because both sides share it.
public final class StopFlag: Sendable {
    private let current = Mutex<StopWish?>(nil)

    public init() {}

    /// Asks for an end. A later wish takes the place of an earlier one, but for a cancel, which is final.
    public func raise(_ wish: StopWish = .stop) {
        current.withLock { if $0 != .cancel { $0 = wish } }
    }

    /// What was asked for; nil for nothing.
    public var wish: StopWish? { current.withLock { $0 } }
}
