import ArgumentParser
import Foundation

/// Prints what a job's worker has said.
struct JobsLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "Print a job's log.")

    @OptionGroup var options: ServerOptions

    @Argument(help: "The job.")
    var id: String

    @Option(help: "Only this many lines, the last.")
    var tail: Int?

    func run() async throws {
        let client = try options.client()
        let url = client.job(id, "logs", query: [("tail", tail.map { "\($0)" })])
        Terminal.print(Array(try await client.send("GET", url, headers: ["Accept": "text/plain"]).body))
    }
}

/// Saves a checkpoint of a job.
struct JobsDownload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download", abstract: "Save a checkpoint of a job as safetensors.")

    @OptionGroup var options: ServerOptions

    @Argument(help: "The job.")
    var id: String

    @Option(help: "The checkpoint's step, or latest.")
    var step = "latest"

    @Option(help: "The file to write (ID-STEP.safetensors).")
    var out: String?

    func run() async throws {
        let client = try options.client()
        let names = CharacterSet(charactersIn: "/\0")
        let path = out ?? "\(id)-\(step).safetensors".components(separatedBy: names).joined(separator: "-")
        let url = client.job(id, "checkpoints", step, "download")
        try await client.untilSignal { try await CheckpointReceiver(client: client, url: url).save(to: path) }
        if !options.json { Terminal.print(path) }
    }
}
