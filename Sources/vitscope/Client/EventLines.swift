import Foundation

/// One event of a stream of Server-Sent Events.
struct ServerEvent: Sendable, Equatable {
    let id: String
    let name: String
    let data: String
}

/// Cuts a stream of bytes into Server-Sent Events, as the HTML standard has them: lines end in LF, CR or CRLF, an
/// empty line ends an event, and comments are skipped.
struct EventLines {
    /// A longer event is nobody's; it is dropped.
    private static let longest = 4 << 20

    private var line: [UInt8] = []
    private var sawReturn = false
    private var id = ""
    private var name = ""
    private var data: [String] = []
    private var length = 0

    /// The events that `bytes` complete.
    mutating func add(_ bytes: some Sequence<UInt8>) -> [ServerEvent] {
        var events: [ServerEvent] = []
        for byte in bytes {
            let isSecondHalf = sawReturn && byte == 10
            sawReturn = byte == 13
            if isSecondHalf { continue }
            if byte == 10 || byte == 13 {
                if let event = endLine() { events.append(event) }
            } else if line.count < Self.longest {
                line.append(byte)
            }
        }
        return events
    }

    private mutating func endLine() -> ServerEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else { return endEvent() }
        let parts = String(decoding: line, as: UTF8.self).split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count == 2 ? String(parts[1]) : ""
        if value.hasPrefix(" ") { value.removeFirst() }
        switch parts[0] {
        case "id": id = value
        case "event": name = value
        case "data":
            length += value.utf8.count
            if length <= Self.longest { data.append(value) }
        default: break
        }
        return nil
    }

    private mutating func endEvent() -> ServerEvent? {
        defer {
            name = ""
            data = []
            length = 0
        }
        guard !data.isEmpty, length <= Self.longest else { return nil }
        return ServerEvent(id: id, name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
    }
}
