import Synchronization

/// A wish to stop, raised by a signal and read between two steps. A class because both sides share it.
public final class StopFlag: Sendable {
    private let isRaisedNow = Atomic<Bool>(false)

    public init() {}

    /// Asks for a stop.
    public func raise() { isRaisedNow.store(true, ordering: .releasing) }

    /// Whether somebody asked.
    public var isRaised: Bool { isRaisedNow.load(ordering: .acquiring) }
}
