import Foundation

/// What a server refused, in its words (RFC 9457).
struct ServerProblem: Decodable {
    struct Fault: Decodable {
        let pointer: String?
        let detail: String?
    }

    let title: String?
    let detail: String?
    let errors: [Fault]?

    /// The refusal as an end of the program. Faults come one a line.
    static func failure(_ status: Int, _ body: Data) -> Failure {
        let problem = try? JSONDecoder().decode(ServerProblem.self, from: body)
        var message = problem?.detail ?? problem?.title ?? "the server answered \(status)"
        for fault in problem?.errors ?? [] {
            let line = [fault.pointer, fault.detail].compactMap(\.self).joined(separator: ": ")
            if line != message { message += "\n  \(line)" }
        }
        if status == 401 { message += " Set VITSCOPE_TOKEN, or give --token-file FILE." }
        return Failure(message, code(status))
    }

    /// - Returns: the exit code that goes with a status.
    static func code(_ status: Int) -> ExitStatus {
        switch status {
        case 400, 401, 403, 413, 415, 422: .configuration
        case 429, 503: .tryAgain
        case 500..., 300..<400: .unavailable
        default: .failure
        }
    }
}
