import ArgumentParser

/// Cancels a job.
struct JobsCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "cancel", abstract: "Cancel a job, which is final.")

    @OptionGroup var options: ServerOptions

    @Argument(help: "The job.")
    var id: String

    func run() async throws { try await options.ask("cancel", id) }
}

/// Pauses a job.
struct JobsPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Have a job save itself and wait.")

    @OptionGroup var options: ServerOptions

    @Argument(help: "The job.")
    var id: String

    func run() async throws { try await options.ask("pause", id) }
}

/// Lets a paused job go on.
struct JobsResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Let a paused job go on.")

    @OptionGroup var options: ServerOptions

    @Argument(help: "The job.")
    var id: String

    func run() async throws { try await options.ask("resume", id) }
}

/// Posts a job once more.
struct JobsRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Post a failed or cancelled job once more; the new job goes on from the old one's last checkpoint.")

    @OptionGroup var options: ServerOptions

    @Argument(help: "The job.")
    var id: String

    @Option(help: "Processes that train together from there on, where those are to be others.")
    var ranks: Int?

    func run() async throws { try await options.ask("retry", id, query: [("ranks", ranks.map { "\($0)" })]) }
}

/// Removes a job.
struct JobsDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Remove a job at its end, with its checkpoints.")

    @OptionGroup var options: ServerOptions

    @Argument(help: "The job.")
    var id: String

    func run() async throws {
        let client = try options.client()
        _ = try await client.send("DELETE", client.job(id), retries: false)
    }
}

extension ServerOptions {
    /// Asks something of a job and prints what it is then.
    fileprivate func ask(
        _ action: String, _ id: String, query: [(name: String, value: String?)] = []
    ) async throws {
        let client = try client()
        let place = client.job(id, action, query: query)
        try client.show(try await client.send("POST", place, retries: false).body, json: json)
    }
}
