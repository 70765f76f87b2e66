import Foundation
import Platform
import RawStructuredFieldValues
import Service

/// What a Content-Digest field says of a body (RFC 9530): a dictionary of algorithms, of which we read SHA-256.
package enum ContentDigest {
    /// The SHA-256 in hexadecimal digits; nil where the fields name none.
    ///
    /// - Throws: a problem where they name one that is none, or two that differ.
    package static func sha256(_ fields: [String]) throws -> String? {
        var found: String?
        for item in fields.joined(separator: ",").split(separator: ",") {
            // Field by field, because a dictionary would keep the last of two digests that differ; names of algorithms
            // come in capitals, too.
            let (name, rest) = (item.prefix { $0 != "=" }, item.drop { $0 != "=" })
            var parser = StructuredFieldValueParser(Array((name.lowercased() + rest).utf8))
            guard name.trimmingCharacters(in: .whitespaces).lowercased() == "sha-256" else { continue }
            guard case .item(let value)? = try? parser.parseDictionaryFieldValue()["sha-256"],
                case .undecodedByteSequence(let text) = value.rfc9651BareItem,
                let bytes = Data(base64Encoded: text), bytes.count == 32
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
