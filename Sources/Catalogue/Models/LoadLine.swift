package import Platform

/// Has models loaded one after another, because two at once would need twice the memory and take as long, without one
/// that takes long holding the others back.
///
/// Who loads for longer than `patience` loses its turn: it goes on beside the next. An actor because who is where is
/// shared mutable state.
package actor LoadLine {
    private let patience: Duration
    private let most: Int
    /// Those whose turn comes first, in the order in which they came, and those who wait until none of them is left.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var last: [CheckedContinuation<Void, Never>] = []
    private var threads: [WorkerThread] = []
    private var running = 0
    /// The one that the others wait for.
    private var holder: Int?
    private var lastNumber = 0

    /// - Parameter most: loads at one time, the slow ones among them.
    package init(patience: Duration = .seconds(10), most: Int = 4) {
        self.patience = patience
        self.most = most
    }

    /// Calls `load` with a thread of its own when it is its turn.
    ///
    /// - Parameters:
    ///   - isLast: whether everybody else goes first.
    ///   - begun: called when the turn has come, and may refuse.
    package func run<R: Sendable>(
        isLast: Bool, begun: @Sendable () async throws -> Void,
        _ load: @escaping @Sendable (WorkerThread) async throws -> R
    ) async throws -> R {
        await enter(isLast)
        lastNumber += 1
        let number = lastNumber
        holder = number
        let impatience = Task { [patience] in
            guard (try? await Task.sleep(for: patience)) != nil else { return }
            self.pass(number)
        }
        let thread = threads.popLast() ?? WorkerThread()
        defer {
            impatience.cancel()
            threads.append(thread)
            running -= 1
            pass(number)
        }
        // Who was deleted in the line still gets a turn, and passes it on.
        try Task.checkCancellation()
        try await begun()
        return try await load(thread)
    }

    private func enter(_ isLast: Bool) async {
        if isFree, waiting.isEmpty {
            take()
            return
        }
        await withCheckedContinuation { if isLast { last.append($0) } else { waiting.append($0) } }
    }

    /// Those who wait.
    package var length: Int { waiting.count + last.count }

    private var isFree: Bool { holder == nil && running < most }

    /// Nobody else takes the turn before its new owner says who it is.
    private func take() {
        running += 1
        holder = 0
    }

    private func pass(_ number: Int) {
        if holder == number { holder = nil }
        guard isFree, !waiting.isEmpty || !last.isEmpty else { return }
        take()
        (waiting.isEmpty ? last.removeFirst() : waiting.removeFirst()).resume()
    }
}
