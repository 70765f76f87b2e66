import ArgumentParser
import Catalogue
import Foundation

/// Prints the jobs there are, newest first.
struct JobsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List jobs.",
        discussion: "With --json one page is printed, and next_page_token names the next.")

    @OptionGroup var options: ServerOptions

    @Option(help: "queued, running, succeeded, failed or cancelled; repeatable.")
    var state: [String] = []

    @Option(help: "Only jobs of this method; repeatable.")
    var method: [String] = []

    @Option(help: "Only jobs with this label, KEY or KEY=VALUE; repeatable.")
    var label: [String] = []

    @Option(help: "Jobs on a page.")
    var pageSize: Int?

    @Option(help: "The page after the one that gave this token.")
    var pageToken: String?

    private struct Page: Decodable {
        let jobs: [JobSummary]
        let nextPageToken: String?

        enum CodingKeys: String, CodingKey {
            case jobs
            case nextPageToken = "next_page_token"
        }
    }

    func run() async throws {
        let client = try options.client()
        var token = pageToken
        var jobs: [JobSummary] = []
        repeat {
            let (_, body) = try await client.send("GET", client.address.url(["v1", "jobs"], query(token)))
            if options.json { return Terminal.print(JSONOutput.line(body)) }
            guard let page = try? JSONDecoder().decode(Page.self, from: body) else {
                throw Failure("the server's answer is no list of jobs; is this a ViTScope server?", .unavailable)
            }
            jobs += page.jobs
            token = page.nextPageToken
        } while token != nil && pageSize == nil
        for line in Self.table(jobs) { Terminal.print(line) }
        if let token { Terminal.write("more: --page-token \(token)\n") }
    }

    private func query(_ token: String?) -> [(name: String, value: String?)] {
        state.map { ("state", $0) } + method.map { ("method", $0) } + label.map { ("label", $0) } + [
            ("page_size", pageSize.map { "\($0)" }), ("page_token", token),
        ]
    }

    private static func table(_ jobs: [JobSummary]) -> [String] {
        let rows = jobs.map { [$0.id, $0.method, $0.name ?? "-", $0.words] }
        let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths + [0]).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
                .joined(separator: "  ")
        }
    }
}
