/// Lets those who want the same thing do it one after another, so that the second finds what the first has made.
///
/// An actor because who is where is shared mutable state.
package actor TurnKeeper {
    private var lines: [String: [CheckedContinuation<Void, Never>]] = [:]

    package init(lines: [String: [CheckedContinuation<Void, Never>]] = [:]) {
        self.lines = lines
    }

    /// Calls `body` when nobody else is inside with the same key.
    package func withTurn<R: Sendable>(for key: String, _ body: @Sendable () async throws -> R) async throws -> R {
        await enter(key)
        defer { leave(key) }
        // Who was cancelled in the line still gets a turn, and passes it on.
        try Task.checkCancellation()
        return try await body()
    }

    private func enter(_ key: String) async {
        guard lines[key] != nil else {
            lines[key] = []
            return
        }
        await withCheckedContinuation { lines[key]?.append($0) }
    }

    private func leave(_ key: String) {
        guard var line = lines[key], !line.isEmpty else {
            lines[key] = nil
            return
        }
        let next = line.removeFirst()
        lines[key] = line
        next.resume()
    }
}
