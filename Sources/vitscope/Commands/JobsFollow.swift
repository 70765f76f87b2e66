import ArgumentParser

/// Prints a job's events until its end.
struct JobsFollow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow", abstract: "Print a job's events until its end, and end as it does.",
        discussion: """
            Lines of JSON where stdout is no terminal, a bar where it is. A lost connection or a restarted server is \
            followed on where it broke off; nothing is told twice. Ctrl-C ends only this command.
            """)

    @OptionGroup var options: ServerOptions

    @Argument(help: "The job.")
    var id: String

    func run() async throws { try await options.client().follow(id, json: options.json) }
}
