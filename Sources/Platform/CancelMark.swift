import Synchronization

/// Carries a task's cancellation to a thread that is no task. A class because both sides look at the same mark.
public final class CancelMark: Sendable {
    private let mark = Atomic(false)

    public init() {}

    public var isSet: Bool { mark.load(ordering: .relaxed) }

    public func set() { mark.store(true, ordering: .relaxed) }
}
