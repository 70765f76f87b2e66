import Synchronization

/// Adds up where the time of a request goes. A class because slices on several threads write to the same sums.
final class TimeKeeper: Sendable {
    private let seconds = Mutex<[String: Double]>([:])

    /// Runs `work` and adds its duration to `stage`.
    func measure<R>(_ stage: String, _ work: () throws -> R) rethrows -> R {
        let start = ContinuousClock.now
        defer { add(stage, (ContinuousClock.now - start).seconds) }
        return try work()
    }

    func add(_ stage: String, _ duration: Double) {
        seconds.withLock { $0[stage, default: 0] += duration }
    }

    /// What a stage took so far.
    subscript(stage: String) -> Double { seconds.withLock { $0[stage] ?? 0 } }

    /// All stages, by name.
    var stages: [(name: String, seconds: Double)] {
        seconds.withLock { $0.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }
}
