public import Checkpoints

/// Values as JSON text, always the same for the same value: members in their order, numbers in their shortest form.
public enum CanonicalJSON {
    /// `value` in one line. What JSON cannot say, such as NaN, becomes null.
    public static func line(_ value: Value) -> String {
        var text = ""
        write(value, indent: nil, depth: 0, to: &text)
        return text
    }

    /// `value` with a line a member, for people.
    public static func pretty(_ value: Value) -> String {
        var text = ""
        write(value, indent: "  ", depth: 0, to: &text)
        return text + "\n"
    }

    /// No value is deeper than 64 levels, so recursion is safe.
    private static func write(_ value: Value, indent: String?, depth: Int, to text: inout String) {
        switch value {
        case .bool(let value): text += value ? "true" : "false"
        case .int(let value): text += "\(value)"
        case .double(let value): text += number(value)
        case .string(let value): quote(value, to: &text)
        case .list(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += indent == nil ? "," : ", " }
                write(element, indent: nil, depth: 0, to: &text)
            }
            text += "]"
        case .dictionary(let fields):
            text += "{"
            var isFirst = true
            for (key, element) in fields {
                if !isFirst { text += "," }
                isFirst = false
                newLine(indent, depth + 1, to: &text)
                quote(key.string ?? "", to: &text)
                text += indent == nil ? ":" : ": "
                write(element, indent: indent, depth: depth + 1, to: &text)
            }
            if !isFirst { newLine(indent, depth, to: &text) }
            text += "}"
        case .none, .bytes, .tensor, .opaque: text += "null"
        }
    }

    private static func newLine(_ indent: String?, _ depth: Int, to text: inout String) {
        guard let indent else { return }
        text += "\n"
        for _ in 0..<depth { text += indent }
    }

    private static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        if let whole = Int(exactly: value), abs(whole) < 1 << 53 { return "\(whole)" }
        return "\(value)"
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension Value {
    /// An object of these members in this order.
    public static func object(_ members: [(String, Value)]) -> Value {
        .dictionary(ValueDictionary(members.map { (.string($0.0), $0.1) }))
    }
}
