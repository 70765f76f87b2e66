import Platform

/// Escapes of URLs (RFC 3986), read strictly.
package enum PercentEncoding {
    /// The text that `encoded` stands for.
    ///
    /// - Throws: a problem for a broken escape, for bytes that are not UTF-8, and for control characters, which mean
    ///   nothing in any name here and much in logs and file systems.
    package static func decode(_ encoded: some StringProtocol, plusIsSpace: Bool) throws -> String {
        var bytes: [UInt8] = []
        var rest = encoded.utf8.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else {
                    throw Problem(
                        .unreadable, "“\(encoded.prefix(100))” has a % without two hexadecimal digits. Write %25 for %."
                    )
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Problem(.unreadable, "“\(encoded.prefix(100))” does not stand for UTF-8 text.")
        }
        guard StreamSafeText.holds(text) else {
            throw Problem(
                .unreadable,
                "A text in the address has more than \(StreamSafeText.longestRun) combining marks in a row.")
        }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw Problem(.unreadable, "“\(encoded.prefix(100))” has a control character in it.")
        }
        return text
    }

    /// `text` as a part of a path or query: everything but letters, digits and `-._~` escaped.
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "@"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
