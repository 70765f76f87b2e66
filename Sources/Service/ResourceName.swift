/// What users may call models and probe sets.
enum ResourceName {
    /// Whether `name` fits `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`: nothing in it means anything to file systems or URLs.
    static func isValid(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, bytes.count <= 128, isAlphanumeric(first) else { return false }
        return bytes.allSatisfy {
            isAlphanumeric($0) || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains($0)
        }
    }

    /// The rule in words.
    static let rule =
        "A name starts with a letter or digit and goes on with at most "
        + "127 letters, digits, dots, underscores or hyphens."

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
