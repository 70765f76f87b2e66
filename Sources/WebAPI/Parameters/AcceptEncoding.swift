/// The encodings of content that a client takes (RFC 9110, section 12.5.3).
package enum AcceptEncoding {
    /// Whether a client that sent `fields` takes gzip by its name; a `*` alone is not counted on.
    package static func takesGzip(_ fields: [String]) -> Bool {
        fields.joined(separator: ",").split(separator: ",").contains { item in
            let parts = item.lowercased().split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            return parts.first == "gzip"
                && !parts.dropFirst().contains { ["q=0", "q=0.0", "q=0.00", "q=0.000"].contains($0) }
        }
    }
}
