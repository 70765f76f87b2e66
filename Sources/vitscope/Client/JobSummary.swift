import Foundation

/// What a command says of a job; the API's JSON has more.
struct JobSummary: Decodable, Sendable {
    struct Progress: Decodable, Sendable {
        let fraction: Double?
        let epoch: Double?
        let epochs: Double?
        let etaSeconds: Double?

        enum CodingKeys: String, CodingKey {
            case fraction, epoch, epochs
            case etaSeconds = "eta_seconds"
        }
    }

    struct Refusal: Decodable, Sendable {
        let reason: String?
        let message: String?
    }

    let id: String
    let name: String?
    let method: String
    let state: String
    let held: Bool?
    let progress: Progress?
    let failure: Refusal?
    let finishReason: String?

    enum CodingKeys: String, CodingKey {
        case id, name, method, state, held, progress, failure
        case finishReason = "finish_reason"
    }

    /// The job of an answer.
    ///
    /// - Throws: `Failure` for an answer that is no job.
    init(_ json: Data) throws {
        do { self = try JSONDecoder().decode(JobSummary.self, from: json) } catch {
            throw Failure("the server's answer is no job; is this a ViTScope server?", .unavailable)
        }
    }

    var isTerminal: Bool { ["succeeded", "failed", "cancelled"].contains(state) }

    /// State, progress and time left in words.
    var words: String {
        var parts = [held == true && state == "queued" ? "paused" : state]
        if let progress, let epoch = progress.epoch, let epochs = progress.epochs {
            parts.append("epoch \(Self.plain(epoch)) of \(Self.plain(epochs))")
            if !isTerminal, let fraction = progress.fraction { parts.append("\(Self.plain(fraction * 100)) %") }
            if state == "running", let seconds = progress.etaSeconds {
                parts.append(ProgressBar.duration(seconds) + " left")
            }
        }
        if let finishReason { parts.append(finishReason) }
        return parts.joined(separator: ", ")
    }

    /// The end of the program for a job at its end; nil where it succeeded.
    var end: Failure? {
        switch state {
        case "succeeded": nil
        case "cancelled": Failure("job \(id) was cancelled", .failure)
        default: Failure("job \(id) failed: \(failure?.message ?? failure?.reason ?? "no reason is known")", .failure)
        }
    }

    private static func plain(_ value: Double) -> String { String(format: "%.0f", value) }
}
