import Foundation
import Jobs
import Runs
import Synchronization
import Testing

@Suite struct JobFeedTests {
    private final class Looks: Sendable {
        private let looks = Mutex(0)
        func next() -> Int {
            looks.withLock { looks in
                looks += 1; return looks
            }
        }
    }

    private static func ids(_ count: Int) -> [JobID] { (0..<count).map { _ in JobID(at: Date()) } }

    /// However many jobs change, what is remembered of them is bounded, and a change between a look and the wait for the
    /// next one is not missed.
    @Test func aForgottenChangeIsNotMissed() async throws {
        let feed = JobFeed(remembered: 4), job = Self.ids(1)[0], others = Self.ids(100), looks = Looks()
        let found = try await feed.wait(for: job, seconds: 3600) { () -> Int? in
            let look = looks.next()
            if look == 1 {
                feed.changed(job)
                for other in others { feed.changed(other) }
                return nil
            }
            return look
        }
        #expect(found == 2)
    }
}
