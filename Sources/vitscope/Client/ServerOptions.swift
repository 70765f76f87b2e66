import ArgumentParser
import Foundation

/// Which server a command asks, and with which token.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's address (http://127.0.0.1:8080; VITSCOPE_SERVER).")
    var server: String?

    @Option(help: "A file with the server's token; VITSCOPE_TOKEN holds one as well.")
    var tokenFile: String?

    @Flag(help: "Send the token in clear to another machine: only on a network that nobody else listens to.")
    var insecureHttp = false

    @Flag(help: "Print the API's JSON as it came.")
    var json = false

    /// - Throws: `Failure` for an address or a token that cannot be used.
    func client() throws -> JobsClient {
        let environment = ProcessInfo.processInfo.environment
        let address = try ServerAddress(server ?? environment["VITSCOPE_SERVER"] ?? "http://127.0.0.1:8080")
        let token = try readToken(environment)
        if token != nil, address.isPlain, !address.isLoopback, !insecureHttp {
            throw Failure(
                "the token would go to \(address.text) in clear; use https, or say --insecure-http", .configuration)
        }
        return JobsClient(address: address, token: token)
    }

    private func readToken(_ environment: [String: String]) throws -> String? {
        var text = environment["VITSCOPE_TOKEN"]
        if let tokenFile {
            guard let data = FileManager.default.contents(atPath: tokenFile) else {
                throw Failure("cannot read the token file \(tokenFile)", .configuration)
            }
            text = String(decoding: data, as: UTF8.self)
        }
        guard let token = text?.trimmingCharacters(in: .whitespacesAndNewlines), !token.isEmpty else { return nil }
        guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Failure("the token has characters that no token has", .configuration)
        }
        return token
    }
}
