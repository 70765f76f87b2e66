import Platform

/// A JSON document that is kept in a file together with its digest, so that a bit that the disk has turned is noticed.
package enum SealedDocument {
    private static let member = "seal"

    /// `document`, an object, with the digest of its canonical text.
    package static func sealed(_ document: JSONValue) -> JSONValue {
        let members = (document.object ?? []).filter { $0.name != member }
        return .object(members + [.init(member, .string(SHA256.hex(of: JSONValue.object(members).canonical)))])
    }

    /// Whether `document` is what was written. One without a digest is of an older program, or written by hand.
    package static func isWhole(_ document: JSONValue) -> Bool {
        guard document[member] != nil else { return true }
        return sealed(document)[member]?.string == document[member]?.string
    }
}
