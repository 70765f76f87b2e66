import Platform

/// Why a text is no JSON that is read. `byte` counts from the start of the text.
public enum JSONError: Error, Equatable, Sendable {
    /// Not strict JSON.
    case malformed(expected: String, byte: Int)
    /// An object has a key twice.
    case duplicateKey(String, byte: Int)
    /// Nested deeper than anything real.
    case tooDeep(limit: Int, byte: Int)
    /// More values than anything real has.
    case tooManyValues(limit: Int, byte: Int)
    /// A key is longer than any real one.
    case keyTooLong(limit: Int, byte: Int)
    /// A text has more combining marks in a row than any language: it would take minutes to compare.
    case tooManyMarks(byte: Int)
    /// The text is larger than is read, bytes.
    case tooLarge(count: Int, limit: Int)
    /// The text is not UTF-8.
    case notUTF8
}

extension JSONError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let expected, let byte): "the JSON is malformed at byte \(byte): expected \(expected)"
        case .duplicateKey(let key, let byte): "the JSON has the key \(Self.shown(key)) twice, again at byte \(byte)"
        case .tooDeep(let limit, let byte): "the nesting is deeper than \(limit) levels at byte \(byte)"
        case .tooManyValues(let limit, let byte): "the JSON has more than \(limit) values at byte \(byte)"
        case .keyTooLong(let limit, let byte):
            "the name at byte \(byte) has more than \(limit) bytes, which no real one does; rename it"
        case .tooManyMarks(let byte):
            "the text at byte \(byte) has more than \(StreamSafeText.longestRun) combining marks in a row, which no "
                + "language writes"
        case .tooLarge(let count, let limit): "the JSON has \(count) bytes, more than the \(limit) that are read"
        case .notUTF8: "the JSON is not UTF-8 text; the file is damaged"
        }
    }

    /// A key, short and printable enough for a message.
    private static func shown(_ key: String) -> String {
        var text = ""
        for (index, scalar) in key.unicodeScalars.enumerated() {
            if index == 120 { return "'\(text)…'" }
            text.unicodeScalars.append(scalar.properties.generalCategory == .control ? "\u{fffd}" : scalar)
        }
        return "'\(text)'"
    }
}
