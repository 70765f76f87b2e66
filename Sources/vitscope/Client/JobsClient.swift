import Foundation
import FoundationNetworking
import Service

/// Asks a server about its jobs.
struct JobsClient: Sendable {
    /// Times that a lost connection is tried again, a second apart and then longer.
    private static let patience = 4
    private static let largestAnswer = 256 << 20

    let address: ServerAddress
    let token: String?

    init(address: ServerAddress, token: String?) {
        self.address = address
        self.token = token
        // URLSession asks the environment's proxy even for this machine, which a proxy cannot reach.
        if address.isLoopback { ViTScopeService.forgetProxies() }
    }

    /// The body of the answer to a request.
    ///
    /// - Parameters:
    ///   - retries: whether a lost connection is tried again; only for what may be done twice.
    ///   - seconds: of silence until the server counts as lost.
    /// - Throws: `Failure`.
    func send(
        _ method: String = "GET", _ url: URL, body: Data? = nil, headers: [String: String] = [:], retries: Bool = true,
        seconds: Double = 90
    ) async throws -> (head: HTTPHead, body: Data) {
        for attempt in 1... {
            do {
                let exchange = begin(method, url, body: body, headers: headers, seconds: seconds)
                var head: HTTPHead?
                var answer = Data()
                for try await part in exchange.parts {
                    switch part {
                    case .head(let received): head = received
                    case .body(let data):
                        guard answer.count + data.count <= Self.largestAnswer else {
                            throw Failure("the server's answer is longer than 256 MiB", .unavailable)
                        }
                        answer += data
                    }
                }
                guard let head else { throw URLError(.badServerResponse) }
                guard (200..<300).contains(head.status) else { throw ServerProblem.failure(head.status, answer) }
                return (head, answer)
            } catch let error as URLError {
                try Task.checkCancellation()
                guard retries, attempt < Self.patience else { throw unreachable(error) }
                try await Task.sleep(for: .seconds(Double(attempt)))
            }
        }
        throw unreachable(URLError(.cannotConnectToHost))
    }

    /// Begins a request whose answer is read piece by piece.
    func begin(
        _ method: String = "GET", _ url: URL, body: Data? = nil, headers: [String: String] = [:], seconds: Double = 90
    ) -> HTTPExchange {
        var request = URLRequest(url: url, timeoutInterval: seconds)
        request.httpMethod = method
        request.httpBody = body
        request.setValue("vitscope/\(Version.text)", forHTTPHeaderField: "User-Agent")
        if body != nil { request.setValue("application/json", forHTTPHeaderField: "Content-Type") }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        let exchange = HTTPExchange()
        exchange.send(request)
        return exchange
    }

    /// The end for a server that does not answer.
    func unreachable(_ error: any Error) -> Failure {
        Failure(
            "no answer from \(address.text): \(error.localizedDescription). Is it running? --server says where it is.",
            .unavailable)
    }

    /// The address of a job, or of something below it.
    func job(_ id: String, _ below: String..., query: [(name: String, value: String?)] = []) -> URL {
        address.url(["v1", "jobs", id] + below, query)
    }
}
