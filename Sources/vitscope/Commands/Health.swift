import ArgumentParser
import Foundation

/// Asks a server whether it is ready, as a container's health check does.
struct Health: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a server whether it is ready; a container's health check.",
        discussion: "Ends with 0 where it is, and with 69 and the reason where it is not, after at most three seconds.")

    @Option(help: "The server's address (http://127.0.0.1:8080; VITSCOPE_SERVER).")
    var server: String?

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let address = try ServerAddress(server ?? environment["VITSCOPE_SERVER"] ?? "http://127.0.0.1:8080")
        let client = JobsClient(address: address, token: nil)
        _ = try await client.send("GET", address.url(["readyz"]), retries: false, seconds: 3)
    }
}
