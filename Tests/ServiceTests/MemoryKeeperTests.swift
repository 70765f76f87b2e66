import Service
import Synchronization
import TestSupport
import Testing

/// Freed memory goes back after what was done, and once for all of it.
@Suite struct MemoryKeeperTests {
    private final class Count: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    @Test func oneTimeForAllThatWasDone() async throws {
        let trims = Count(), keeper = MemoryKeeper(pause: .milliseconds(50)) { trims.add() }
        for _ in 0..<1000 { keeper.used() }
        _ = try await eventually("it is given back") { trims.value > 0 ? true : nil }
        // A machine that stands still for a while may see more than one.
        let first = trims.value
        #expect(first < 10)
        keeper.used()
        _ = try await eventually("it is given back again") { trims.value > first ? true : nil }
    }
}
