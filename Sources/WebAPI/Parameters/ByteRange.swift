import Platform

/// Which bytes of a file a Range field asks for (RFC 9110, section 14).
///
/// What is no single range of bytes is as if it were not there, as the RFC allows.
package enum ByteRange: Equatable {
    case whole
    case part(Range<Int>)
    /// None of the file's bytes are in it.
    case unsatisfiable

    /// - Parameter size: of the file, bytes.
    package init(_ fields: [String], size: Int) {
        self = .whole
        guard fields.count == 1, let mark = fields[0].firstIndex(of: "="),
            fields[0][..<mark].lowercased() == "bytes"
        else { return }
        let text = ByteRange.trimmed(fields[0][fields[0].index(after: mark)...])
        guard let dash = text.firstIndex(of: "-") else { return }
        let before = text[..<dash], after = text[text.index(after: dash)...]
        switch (ByteRange.number(before), ByteRange.number(after)) {
        case (let start?, let last?):
            guard start <= last else { return }
            self = start < size ? .part(start..<(min(last, size - 1) + 1)) : .unsatisfiable
        case (let start?, nil):
            guard after.isEmpty else { return }
            self = start < size ? .part(start..<size) : .unsatisfiable
        case (nil, let count?):
            guard before.isEmpty else { return }
            self = count > 0 && size > 0 ? .part((size - min(count, size))..<size) : .unsatisfiable
        case (nil, nil): return
        }
    }

    /// A number of any length; one that no file reaches is as good as the largest.
    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text) ?? .max
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
