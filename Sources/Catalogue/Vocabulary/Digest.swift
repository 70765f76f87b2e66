/// The form of a SHA-256 in text.
package enum Digest {
    /// Whether `text` is 64 lower-case hexadecimal digits.
    package static func isValid(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
