import ArgumentParser
import Foundation

/// Asks a server about its trainings.
struct Jobs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Post, follow and steer the trainings of a server.",
        discussion: """
            Exit codes: 0 done, and the job succeeded where it was waited for; 1 the job failed or was cancelled, or \
            there is no such job; 2 a wrong command line; 69 no answer from the server; 75 the server is busy, try \
            again; 78 the job or the token is refused; 130 and 143 stopped by a signal, which stops only this \
            command, never the job. The token comes from VITSCOPE_TOKEN or --token-file.
            """,
        subcommands: [
            JobsList.self, JobsGet.self, JobsSubmit.self, JobsFollow.self, JobsCancel.self, JobsPause.self,
            JobsResume.self, JobsRetry.self, JobsDelete.self, JobsLogs.self, JobsDownload.self,
        ])
}

extension JobsClient {
    /// Runs `body`; a signal ends it, and the command with the signal's exit code.
    func untilSignal(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let work = Task { try await body() }
        let (result, signal) = try await StopSignals.run(stop: { work.cancel() }) { await work.result }
        if case .failure(let error) = result, signal == nil { throw error }
        if let signal, case .failure = result { throw ExitCode(128 + signal) }
    }

    /// Follows a job on the terminal or as lines of JSON; ends as the job does.
    func follow(_ id: String, json: Bool) async throws {
        try await untilSignal {
            var output = JobEventOutput(
                printsJSON: json || !Terminal.isInteractive, showsBar: Terminal.showsBar)
            defer { output.finish() }
            try await JobFollower(client: self, id: id).follow { output.show($0) }
            output.finish()
            let job = try JobSummary(try await send("GET", job(id)).body)
            if let end = job.end { throw end }
        }
    }

    /// Waits for a job's end, over lost connections.
    func wait(for id: String) async throws -> (job: JobSummary, body: Data) {
        while true {
            let url = job(id, query: [("wait", "30"), ("until", "terminal")])
            let (_, body) = try await send("GET", url)
            let job = try JobSummary(body)
            if job.isTerminal { return (job, body) }
        }
    }

    /// A job's JSON as it came, or its id and state in a line.
    func show(_ body: Data, json: Bool) throws {
        guard !json else { return Terminal.print(JSONOutput.line(body)) }
        let job = try JobSummary(body)
        Terminal.print("\(job.id)  \(job.words)")
    }
}

/// JSON of a server on stdout.
enum JSONOutput {
    /// The text with one newline at its end.
    static func line(_ body: Data) -> [UInt8] { body.last == 10 ? Array(body) : Array(body) + [10] }
}
