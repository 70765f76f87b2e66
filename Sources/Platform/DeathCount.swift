import Synchronization

/// How often processes ended without being asked to, by kind. A class because it is counted from everywhere.
public final class DeathCount: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    public init() {}

    public func count(_ kind: String) { counts.withLock { $0[kind, default: 0] += 1 } }

    public var all: [String: Int] { counts.withLock { $0 } }
}
