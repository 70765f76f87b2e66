import JSON
import Service

/// A load report for people: one line a fact, one line a tensor that needs a look.
struct ReportText {
    let lines: [String]

    init(_ report: JSONValue) {
        guard case .object(let members) = report else {
            lines = []
            return
        }
        var lines: [String] = []
        for member in members {
            switch member.value {
            case .null: continue
            case .list(let items): lines += Self.list(member.name, items)
            case .object(let fields):
                lines.append("\(member.name):")
                lines += fields.map { "  \($0.name): \(Self.text($0.value))" }
            default: lines.append("\(member.name): \(Self.text(member.value))")
            }
        }
        self.lines = lines
    }

    /// Matched tensors are only counted: there are hundreds, and all is well with them.
    private static func list(_ name: String, _ items: [JSONValue]) -> [String] {
        guard !items.isEmpty else { return [] }
        let head = "\(name): \(items.count)"
        return name == "matched" ? [head] : [head] + items.map { "  " + text($0) }
    }

    private static func text(_ value: JSONValue) -> String {
        if case .string(let text) = value { return text }
        if case .object(let members) = value {
            return members.filter { if case .null = $0.value { false } else { true } }
                .map { "\($0.name) \(text($0.value))" }.joined(separator: ", ")
        }
        return String(decoding: value.json, as: UTF8.self)
    }
}
