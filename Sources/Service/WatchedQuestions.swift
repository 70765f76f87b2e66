import Synchronization

/// Questions in the queue that were asked in passing: each is given up where nobody has asked after it for a while.
///
/// A class because who asks for what is shared.
package final class WatchedQuestions: Sendable {
    private struct Entry {
        let giveUp: @Sendable () async -> Void
        /// Those who wait for it now.
        var asking = 0
        var lastAsked = ContinuousClock.now
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var isLookedAfter = false
    }

    private let patience: Duration
    private let state = Mutex(State())

    /// - Parameter patience: how long nobody may ask. A page that is out of sight asks once a minute.
    package init(patience: Duration = .seconds(150)) { self.patience = patience }

    /// How many are watched.
    package var count: Int { state.withLock { $0.entries.count } }

    /// Gives a question up once nobody asks after it.
    package func watch(_ question: String, giveUp: @escaping @Sendable () async -> Void) {
        let begins = state.withLock { state in
            state.entries[question] = Entry(giveUp: giveUp)
            defer { state.isLookedAfter = true }
            return !state.isLookedAfter
        }
        if begins { Task.detached { [self] in await lookAfter() } }
    }

    /// Somebody wants the answer whether or not they ask again.
    package func keep(_ question: String) { state.withLock { $0.entries[question] = nil } }

    /// Counts the caller among those who ask while `body` runs.
    package func asking<R, E: Error>(_ question: String, _ body: () async throws(E) -> R) async throws(E) -> R {
        count(question, 1)
        defer { count(question, -1) }
        return try await body()
    }

    private func count(_ question: String, _ change: Int) {
        state.withLock { state in
            guard var entry = state.entries[question] else { return }
            // Who asked before it was watched is not among them.
            entry.asking = max(entry.asking + change, 0)
            entry.lastAsked = .now
            state.entries[question] = entry
        }
    }

    /// As long as there are any.
    private func lookAfter() async {
        while true {
            try? await Task.sleep(for: patience / 4)
            let (left, isOver) = state.withLock { state in
                let limit = ContinuousClock.now - patience
                let left = state.entries.filter { $0.value.asking == 0 && $0.value.lastAsked < limit }
                for question in left.keys { state.entries[question] = nil }
                state.isLookedAfter = !state.entries.isEmpty
                return (left.values.map(\.giveUp), state.entries.isEmpty)
            }
            for giveUp in left { await giveUp() }
            if isOver { return }
        }
    }
}
