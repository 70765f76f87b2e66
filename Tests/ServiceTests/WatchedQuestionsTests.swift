import Service
import Synchronization
import TestSupport
import Testing

/// What nobody looks at any more is given up.
@Suite struct WatchedQuestionsTests {
    private final class GivenUp: Sendable {
        private let names = Mutex<[String]>([])
        var all: [String] { names.withLock { $0 } }
        func add(_ name: String) { names.withLock { $0.append(name) } }
    }

    @Test func whatNobodyAsksAfterIsGivenUpOnce() async throws {
        let watched = WatchedQuestions(patience: .milliseconds(40)), gone = GivenUp()
        watched.watch("left") { gone.add("left") }
        watched.watch("kept") { gone.add("kept") }
        watched.keep("kept")
        _ = try await eventually("it is given up") { gone.all == ["left"] && watched.count == 0 ? true : nil }
        // It is looked after again when the next one comes.
        watched.watch("later") { gone.add("later") }
        _ = try await eventually("the next one, too") { gone.all == ["left", "later"] ? true : nil }
    }

    /// Who waits for the answer asks, however long it takes.
    @Test func whoWaitsIsNotLeft() async throws {
        let watched = WatchedQuestions(patience: .milliseconds(20)), gone = GivenUp()
        watched.watch("waited for") { gone.add("waited for") }
        try await watched.asking("waited for") {
            watched.watch("left") { gone.add("left") }
            _ = try await eventually("the other is given up") { gone.all == ["left"] ? true : nil }
        }
        _ = try await eventually("now this one") { gone.all == ["left", "waited for"] ? true : nil }
    }
}
