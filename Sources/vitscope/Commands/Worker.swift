import ArgumentParser
import Runs
import Service

/// Does the work of one job of a server's queue, in a process of its own.
struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Do the work of one job; the server starts it.", shouldDisplay: false)

    @Option(help: "The job's folder.")
    var jobDir: String

    @Option(help: "Which start of the job this is.")
    var attempt: Int

    func run() async throws {
        LogFormat.inherited.begin()
        let worker = JobWorker(folder: jobDir, attempt: attempt, codeVersion: Version.text)
        let (ending, _) = try await StopSignals.run(stop: worker.stop) { try await worker.run() }
        switch ending {
        case .succeeded: return
        case .stopped: throw ExitCode(ExitStatus.tryAgain.rawValue)
        case .failed(let message): throw Failure(message, .failure)
        }
    }
}
