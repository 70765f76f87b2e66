import Synchronization

/// Lets many in at one time, or one alone, in the order in which they come. A class because who is inside is shared.
final class SharedTurns: Sendable {
    private struct Waiter {
        let isAlone: Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var inside = 0
        var isAlone = false
        var waiting: [Waiter] = []
    }

    private let state = Mutex(State())

    /// Calls `body` beside others, or alone.
    func run<R>(alone: Bool, _ body: () async throws -> R) async throws -> R {
        await enter(alone)
        defer { leave() }
        try Task.checkCancellation()
        return try await body()
    }

    private func enter(_ alone: Bool) async {
        let isIn = state.withLock { state in
            guard state.waiting.isEmpty, Self.admits(state, alone) else { return false }
            Self.take(&state, alone)
            return true
        }
        if isIn { return }
        await withCheckedContinuation { continuation in
            let goes = state.withLock { state in
                // Somebody may have left in the meantime.
                if state.waiting.isEmpty, Self.admits(state, alone) {
                    Self.take(&state, alone)
                    return true
                }
                state.waiting.append(Waiter(isAlone: alone, continuation: continuation))
                return false
            }
            if goes { continuation.resume() }
        }
    }

    private func leave() {
        let next = state.withLock { state -> [Waiter] in
            state.inside -= 1
            state.isAlone = false
            var next: [Waiter] = []
            while let first = state.waiting.first, Self.admits(state, first.isAlone) {
                Self.take(&state, first.isAlone)
                next.append(state.waiting.removeFirst())
            }
            return next
        }
        for waiter in next { waiter.continuation.resume() }
    }

    private static func admits(_ state: State, _ alone: Bool) -> Bool {
        alone ? state.inside == 0 : !state.isAlone
    }

    private static func take(_ state: inout State, _ alone: Bool) {
        state.inside += 1
        state.isAlone = alone
    }
}
