import Catalogue
import Engine
import Subprocess
import SystemPackage

/// Makes the first steps of jobs in processes of their own: few at one time, none for long, and none after its asker.
///
/// An actor because how many run is shared mutable state.
package actor DryRuns {
    /// What a run has printed.
    package struct Answer: Sendable {
        package let succeeded: Bool
        package let output: String
        package let errors: String
    }

    private let most: Int
    private let mostWaiting: Int
    private let limit: Duration
    private var running = 0
    private var started = 0
    private let turns = TurnKeeper()

    /// - Parameters:
    ///   - most: at one time.
    ///   - mostWaiting: beside those; one more is told to come again.
    ///   - limit: how long one may take.
    package init(most: Int = 2, mostWaiting: Int = 6, limit: Duration = .seconds(120)) {
        self.most = most
        self.mostWaiting = mostWaiting
        self.limit = limit
    }

    /// Those that run and wait.
    package var count: Int { running }

    /// Runs `program`, which ends when the task is cancelled, when its time is over, and when this process ends.
    ///
    /// - Throws: `busy`, `tooLarge` where the time was not enough, `CancellationError`.
    package func run(_ program: String, _ arguments: [String]) async throws -> Answer {
        guard running < most + mostWaiting else {
            throw ServiceError.busy("\(running) dry runs are under way already.", retryAfter: 10)
        }
        running += 1
        defer { running -= 1 }
        started += 1
        let lane = "\(started % most)", limit = limit
        return try await turns.withTurn(for: lane) {
            try await withThrowingTaskGroup(of: Answer?.self) { group in
                group.addTask { try await Self.answer(program, arguments) }
                group.addTask {
                    try await Task.sleep(for: limit)
                    return nil
                }
                // Who is not first is cancelled, which ends the process.
                defer { group.cancelAll() }
                guard let first = try await group.next(), let answer = first else {
                    throw ServiceError.tooLarge(
                        "The first steps took longer than \(limit.components.seconds) seconds.",
                        alternative: "Make the job smaller, or post it without a dry run.")
                }
                return answer
            }
        }
    }

    private static func answer(_ program: String, _ arguments: [String]) async throws -> Answer {
        let result = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments),
            environment: .custom(LocalWorkers.environment), input: .none, output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        try Task.checkCancellation()
        var succeeded = false
        if case .exited(0) = result.terminationStatus { succeeded = true }
        return Answer(succeeded: succeeded, output: result.standardOutput, errors: result.standardError)
    }
}
