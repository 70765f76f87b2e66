/// The media types a client takes (RFC 9110, section 12.5.1).
package struct Accept {
    private struct Range {
        let type: String
        let quality: Double
    }
    private let ranges: [Range]

    package init(_ fields: [String]) {
        ranges = fields.joined(separator: ",").split(separator: ",").map { item in
            let parts = item.split(separator: ";").map { Accept.trimmed($0).lowercased() }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            return Range(type: parts.first ?? "", quality: weight)
        }
    }

    /// The type of `offers` that the client likes best, the first of several; nil where it takes none.
    package func best(of offers: [String]) -> String? {
        guard !ranges.isEmpty else { return offers.first }
        var best: (type: String, quality: Double)?
        for offer in offers {
            let quality = quality(of: offer)
            if quality > best?.quality ?? 0 { best = (offer, quality) }
        }
        return best?.type
    }

    /// The most specific range decides.
    private func quality(of offer: String) -> Double {
        let type = Accept.trimmed(offer.prefix { $0 != ";" }).lowercased()
        let family = String(type.prefix { $0 != "/" }) + "/*"
        for wanted in [type, family, "*/*"] {
            if let range = ranges.first(where: { $0.type == wanted }) { return range.quality }
        }
        return 0
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
