import Synchronization
import Testing
import WebAPI

@Suite struct SessionStoreTests {
    /// A clock that a test turns.
    final class Clock: Sendable {
        private let date = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { date.withLock { $0 } }
        func advance(by pause: Duration) { date.withLock { $0 += pause } }
    }

    @Test func sessionsLiveWhileTheyAreUsed() {
        let clock = Clock()
        let store = SessionStore { clock.now }
        let name = store.open()
        #expect(name.count == 64)
        #expect(store.open() != name)
        for _ in 0..<3 {
            clock.advance(by: .seconds(6 * 86_400))
            #expect(store.holds(name))
        }
        clock.advance(by: .seconds(7 * 86_400))
        #expect(!store.holds(name))
        #expect(!store.holds(name))
    }

    @Test func closedAndUnknownSessionsAreNone() {
        let store = SessionStore()
        let name = store.open()
        store.close(name)
        for wrong in [name, "", "x", String(repeating: "0", count: 64), String(repeating: "0", count: 1 << 16)] {
            #expect(!store.holds(wrong))
        }
    }

    @Test func theOldestGivesWay() {
        let clock = Clock()
        let store = SessionStore { clock.now }
        let first = store.open()
        clock.advance(by: .seconds(1))
        let second = store.open()
        clock.advance(by: .seconds(1))
        for _ in 0..<1023 { _ = store.open() }
        #expect(!store.holds(first))
        #expect(store.holds(second))
    }
}

@Suite struct FailureLimiterTests {
    @Test func tenFailuresAMinuteAreAll() {
        let clock = SessionStoreTests.Clock()
        let limiter = FailureLimiter { clock.now }
        for _ in 0..<10 {
            #expect(limiter.pause(for: "10.0.0.1") == nil)
            limiter.count("10.0.0.1")
            clock.advance(by: .seconds(1))
        }
        #expect(limiter.pause(for: "10.0.0.1") == 51)
        #expect(limiter.pause(for: "10.0.0.2") == nil)
        clock.advance(by: .seconds(50))
        #expect(limiter.pause(for: "10.0.0.1") == nil)
        limiter.count("10.0.0.1")
        #expect(limiter.pause(for: "10.0.0.1") == nil)
    }

    @Test func oneNetworkOfIPv6IsOneAddress() {
        let limiter = FailureLimiter()
        for number in 0..<10 { limiter.count("2001:db8:1:2::\(number)") }
        #expect(limiter.pause(for: "2001:db8:1:2:3:4:5:6") != nil)
        #expect(limiter.pause(for: "2001:db8:1:3::1") == nil)
    }

    @Test func theTableIsBounded() {
        let clock = SessionStoreTests.Clock()
        let limiter = FailureLimiter { clock.now }
        for _ in 0..<10 { limiter.count("10.0.0.1") }
        clock.advance(by: .seconds(1))
        for number in 0..<5000 { limiter.count("10.1.\(number / 256).\(number % 256)") }
        // The first window ends first, so it is the first to be forgotten.
        #expect(limiter.pause(for: "10.0.0.1") == nil)
    }
}
