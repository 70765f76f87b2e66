import ArgumentParser

/// Prints one job.
struct JobsGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "Print a job.")

    @OptionGroup var options: ServerOptions

    @Argument(help: "The job.")
    var id: String

    @Flag(help: "Wait for the job's end, and end as it does.")
    var wait = false

    func run() async throws {
        let client = try options.client(), id = id, json = options.json
        guard wait else { return try client.show(try await client.send("GET", client.job(id)).body, json: json) }
        try await client.untilSignal {
            let (job, body) = try await client.wait(for: id)
            try client.show(body, json: json)
            if let end = job.end { throw end }
        }
    }
}
