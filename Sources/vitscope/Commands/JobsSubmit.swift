import ArgumentParser
import Foundation

/// Posts a job.
struct JobsSubmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Post a job: the same file as train --config takes.",
        discussion: """
            The job's id is printed. A lost connection is tried again with the same idempotency key, which posts \
            nothing twice. Faults of the job are printed with where they are.
            """)

    @OptionGroup var options: ServerOptions

    @Argument(help: "The file with the job's JSON, or - for stdin.")
    var file: String

    @Flag(help: "Wait for the job's end, and end as it does.")
    var wait = false

    @Flag(help: "Print the job's events until its end, and end as it does.")
    var follow = false

    @Flag(help: "Only check the job, and print what it would take.")
    var dryRun = false

    @Option(help: "A word of your own that makes posting again harmless.")
    var idempotencyKey: String?

    func validate() throws {
        if [wait, follow, dryRun].filter({ $0 }).count > 1 {
            throw ValidationError("Only one of --wait, --follow and --dry-run goes.")
        }
        if let idempotencyKey,
            !(1...255).contains(idempotencyKey.utf8.count)
                || !idempotencyKey.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        {
            throw ValidationError("--idempotency-key takes up to 255 visible ASCII characters.")
        }
    }

    func run() async throws {
        let client = try options.client()
        let body = try read()
        let url = client.address.url(["v1", "jobs"], [("dry_run", dryRun ? "true" : nil)])
        let key = idempotencyKey ?? UUID().uuidString
        let (_, answer) = try await client.send("POST", url, body: body, headers: ["Idempotency-Key": key])
        if dryRun { return Terminal.print(JSONOutput.line(answer)) }
        let job = try JobSummary(answer)
        if follow {
            Terminal.write("job \(job.id)\n")
            return try await client.follow(job.id, json: options.json)
        }
        guard wait else {
            return options.json ? Terminal.print(JSONOutput.line(answer)) : Terminal.print(job.id)
        }
        if !options.json { Terminal.print(job.id) }
        let json = options.json
        try await client.untilSignal {
            let (ended, body) = try await client.wait(for: job.id)
            if json { Terminal.print(JSONOutput.line(body)) }
            if let end = ended.end { throw end }
        }
    }

    private func read() throws -> Data {
        if file == "-" { return try FileHandle.standardInput.readToEnd() ?? Data() }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Failure("cannot read the job file \(file)", .configuration)
        }
        return data
    }
}
