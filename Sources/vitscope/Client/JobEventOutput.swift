import Foundation

/// Shows a job's events: lines of JSON on stdout for programs, a bar and sentences on stderr for people.
struct JobEventOutput {
    let printsJSON: Bool
    let showsBar: Bool
    private var barStands = false

    init(printsJSON: Bool, showsBar: Bool) {
        self.printsJSON = printsJSON
        self.showsBar = showsBar
    }

    /// What is read of an event's data.
    private struct Details: Decodable {
        let epoch: Double?
        let epochs: Double?
        let fraction: Double?
        let etaSeconds: Double?
        let imagesPerSecond: Double?
        let message: String?
        let step: Int?
        let state: String?
        let held: Bool?
        let metric: String?

        enum CodingKeys: String, CodingKey {
            case epoch, epochs, fraction, message, step, state, held, metric
            case etaSeconds = "eta_seconds"
            case imagesPerSecond = "images_per_second"
        }
    }

    mutating func show(_ event: ServerEvent) {
        if printsJSON { Terminal.print(Self.line(event)) }
        guard showsBar || !printsJSON,
            let details = try? JSONDecoder().decode(Details.self, from: Data(event.data.utf8))
        else { return }
        if event.name == "progress" {
            guard showsBar else { return }
            Terminal.write("\r" + String(Self.bar(details).prefix(Terminal.columns - 1)) + "\u{1B}[K")
            barStands = true
        } else if let sentence = Self.sentence(event.name, details) {
            Terminal.write((barStands ? "\r\u{1B}[K" : "") + sentence + "\n")
            barStands = false
        }
    }

    /// Leaves the bar where it stands.
    mutating func finish() {
        if barStands { Terminal.write("\n") }
        barStands = false
    }

    /// The event as `vitscope train` prints its own: one object with its name in front.
    private static func line(_ event: ServerEvent) -> String {
        let name = event.name.filter { $0.isASCII && ($0.isLetter || $0 == "_") }
        let members = event.data.dropFirst().drop { $0 == " " }
        guard event.data.hasPrefix("{"), !members.hasPrefix("}") else { return "{\"event\":\"\(name)\"}" }
        return "{\"event\":\"\(name)\",\(members.replacingOccurrences(of: "\n", with: " "))"
    }

    private static func bar(_ details: Details) -> String {
        let fraction = min(1, max(0, details.fraction ?? 0))
        let cells = 20
        let full = Int(exactly: (fraction * Double(cells)).rounded(.down)) ?? 0
        var parts = [
            "epoch \(plain(details.epoch))/\(plain(details.epochs)) "
                + String(repeating: "█", count: full) + String(repeating: "░", count: cells - full)
                + " \(Int(exactly: (fraction * 100).rounded(.down)) ?? 0) %"
        ]
        if let rate = details.imagesPerSecond { parts.append(String(format: "%.1f images/s", rate)) }
        if let seconds = details.etaSeconds { parts.append(ProgressBar.duration(seconds) + " left") }
        return parts.joined(separator: ", ")
    }

    private static func sentence(_ name: String, _ details: Details) -> String? {
        switch name {
        case "state": details.held == true && details.state == "queued" ? "paused" : details.state
        case "checkpoint": details.step.map { "checkpoint of step \($0)" }
        case "analysis": details.metric.map { "\($0) of step \(details.step ?? 0)" }
        case "warning": details.message.map { "warning: \($0)" }
        case "log": details.message
        default: nil
        }
    }

    private static func plain(_ value: Double?) -> String { value.map { String(format: "%.0f", $0) } ?? "?" }
}
