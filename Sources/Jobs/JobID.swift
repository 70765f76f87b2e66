public import FoundationEssentials

/// The name of a job: a UUID of version 7 (RFC 9562), so that ids sort by their time.
public struct JobID: Hashable, Sendable, CustomStringConvertible {
    /// 36 characters, lower case.
    public let text: String

    /// Nil for a text that is no id.
    public init?(_ text: String) {
        guard text.utf8.count == 36, let uuid = UUID(uuidString: text) else { return nil }
        self.text = uuid.uuidString.lowercased()
    }

    /// A new one.
    public init(at date: Date) {
        let milliseconds =
            UInt64(exactly: max(0, min(date.timeIntervalSince1970 * 1000, 281_474_976_710_655)).rounded(.down)) ?? 0
        var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        for place in 0..<6 { bytes[place] = UInt8(truncatingIfNeeded: milliseconds >> (40 - 8 * place)) }
        bytes[6] = bytes[6] & 0x0F | 0x70
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0" + text : text
        }
        let parts = [digits[0..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10..<16]]
        text = parts.map { $0.joined() }.joined(separator: "-")
    }

    /// When it was made, to the millisecond.
    public var date: Date {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }.prefix(12)
        return Date(timeIntervalSince1970: Double(Int(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0) / 1000)
    }

    public var description: String { text }
}
