import Foundation
import FoundationNetworking
import Platform

/// Follows a job's events until its end, over lost connections and restarts of the server.
struct JobFollower {
    let client: JobsClient
    let id: String
    /// Seconds without a server until following gives up, once there was one.
    var patience = 120.0
    /// Until it gives up where nothing ever listened.
    var firstPatience = 5.0

    /// Calls `told` with every event once, in order.
    ///
    /// - Returns: when the job is at its end and all of it was told.
    /// - Throws: `Failure`; a cancellation.
    func follow(_ told: (ServerEvent) -> Void) async throws {
        var last = 0
        var silentSince = ContinuousClock.now, isMet = false
        while true {
            do {
                switch try await stream(after: &last, told) {
                case .over: return
                case .interrupted(let heard):
                    isMet = true
                    if heard { silentSince = .now }
                }
            } catch let error as URLError {
                try Task.checkCancellation()
                let limit = isMet || last > 0 ? patience : firstPatience
                guard ContinuousClock.now - silentSince < .seconds(limit) else { throw client.unreachable(error) }
            } catch let failure as Failure where failure.code == .tryAgain {
                isMet = true
                // A server that starts or stops.
                guard ContinuousClock.now - silentSince < .seconds(patience) else { throw failure }
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private enum Ending {
        case over
        case interrupted(heard: Bool)
    }

    private func stream(after last: inout Int, _ told: (ServerEvent) -> Void) async throws -> Ending {
        var headers = ["Accept": "text/event-stream"]
        if last > 0 { headers["Last-Event-ID"] = "\(last)" }
        // The server says something every ten seconds.
        let exchange = client.begin("GET", client.job(id, "events"), headers: headers, seconds: 60)
        var lines = EventLines()
        var head: HTTPHead?
        var refusal = Data()
        var heard = false
        for try await part in exchange.parts {
            switch part {
            case .head(let received):
                head = received
                if received.status == 204 { return .over }
            case .body(let data):
                guard head?.status == 200 else {
                    if refusal.count < 1 << 20 { refusal += data }
                    continue
                }
                heard = true
                for event in lines.add(data) {
                    if let number = Int(event.id) {
                        guard number > last else { continue }
                        last = number
                    }
                    told(event)
                    if event.name == "end" { return .over }
                }
            }
        }
        try Task.checkCancellation()
        guard let head else { throw URLError(.networkConnectionLost) }
        guard head.status == 200 else { throw ServerProblem.failure(head.status, refusal) }
        return .interrupted(heard: heard)
    }
}
