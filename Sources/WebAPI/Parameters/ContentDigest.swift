import FoundationEssentials
import Platform
import Service

/// What a Content-Digest field says of a body (RFC 9530): a dictionary of algorithms, of which we read SHA-256.
package enum ContentDigest {
    /// The SHA-256 in hexadecimal digits; nil where the fields name none.
    ///
    /// - Throws: a problem where they name one that is none, or two that differ.
    package static func sha256(_ fields: [String]) throws -> String? {
        var found: String?
        for item in fields.joined(separator: ",").split(separator: ",") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts[0].filter({ $0 != " " && $0 != "\t" }).lowercased() == "sha-256" else { continue }
            var value = (parts.count > 1 ? parts[1] : "")[...]
            while value.last == " " || value.last == "\t" { value.removeLast() }
            guard value.utf8.count == 46, value.hasPrefix(":"), value.hasSuffix(":"),
                let bytes = Data(base64Encoded: String(value.dropFirst().dropLast())), bytes.count == 32
            else { throw malformed }
            let digest = Array(bytes).hex
            guard found == nil || found == digest else { throw malformed }
            found = digest
        }
        return found
    }

    private static var malformed: Problem {
        Problem(.unreadable, "Content-Digest is written sha-256=:BASE64:, with the 32 bytes of the digest.")
    }
}
