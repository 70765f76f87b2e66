import Foundation
import UnixSignals

/// SIGTERM and SIGINT while something long runs that can save itself; SIGUSR1 comes from a scheduler before a time limit.
enum StopSignals {
    /// Runs `body`; the first signal calls `stop`, a second one ends the program at once.
    ///
    /// - Returns: what `body` returned, and the signal, where one came.
    static func run<R: Sendable>(
        stop: @escaping @Sendable () -> Void, _ body: () async throws -> R
    ) async throws -> (result: R, signal: Int32?) {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sigusr1)
        let received = ReceivedSignal()
        let listener = Task {
            for await signal in signals {
                // Its sender means to ask once more with another one.
                guard signal != .sigusr1 else {
                    stop()
                    continue
                }
                // Who asks twice does not want to wait for a checkpoint.
                if received.set(signal.rawValue) { stop() } else { _exit(128 + signal.rawValue) }
            }
        }
        defer { listener.cancel() }
        return (try await body(), received.value)
    }
}
