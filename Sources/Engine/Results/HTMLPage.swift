import FoundationEssentials
import Platform

/// A page that stands alone: text, tables and pictures in one file, nothing to be loaded.
package struct HTMLPage {
    private let title: String
    private var body = ""

    /// The page's only rules, in light and dark, on a phone and on paper.
    private static let style = """
        :root { color-scheme: light dark }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
        h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.4rem; border-top: 1px solid #8886; padding-top: 1rem }
        p { overflow-wrap: anywhere } img { max-width: 100%; height: auto; display: block; border-radius: 6px }
        .table { overflow-x: auto } table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
        th, td { border-bottom: 1px solid #8886; padding: .2rem .7rem; text-align: right }
        th:first-child, td:first-child, .words th, .words td { text-align: left; vertical-align: top } pre { overflow-x: auto }
        @media print { body { max-width: none; margin: 0; font-size: 11px } h2, img, tr { break-inside: avoid } }
        """

    /// What a policy that forbids other inline rules lets these in by: `sha256-…`.
    package static let styleDigest: String = {
        let digits = Array(SHA256.hex(of: Array(style.utf8)))
        let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0..<$0 + 2]), radix: 16) ?? 0 }
        return "sha256-" + Data(bytes).base64EncodedString()
    }()

    package init(title: String) { self.title = title }

    package mutating func section(_ heading: String) { body += "<h2>\(Self.escaped(heading))</h2>\n" }

    package mutating func paragraph(_ text: String) { body += "<p>\(Self.escaped(text))</p>\n" }

    /// A sentence that ends in a link.
    package mutating func link(_ words: String, to address: String) {
        body += "<p>\(Self.escaped(words)) <a href=\"\(Self.escaped(address))\">\(Self.escaped(address))</a></p>\n"
    }

    /// - Parameter description: for whoever cannot see it.
    package mutating func picture(_ png: [UInt8], description: String) {
        body +=
            "<img alt=\"\(Self.escaped(description))\" src=\"data:image/png;base64,"
            + Data(png).base64EncodedString() + "\">\n"
    }

    /// - Parameter isProse: whether the cells are words, which begin at the left, rather than numbers.
    package mutating func table(_ header: [String], rows: [[String]], isProse: Bool = false) {
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>" + cells.map { "<\(tag)>\(Self.escaped($0))</\(tag)>" }.joined() + "</tr>\n"
        }
        body += "<div class=\"table\(isProse ? " words" : "")\"><table><thead>\(row(header, "th"))</thead><tbody>\n"
        body += rows.map { row($0, "td") }.joined() + "</tbody></table></div>\n"
    }

    package var text: String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(Self.escaped(title))</title>
        <style>\(Self.style)</style></head><body>
        <h1>\(Self.escaped(title))</h1>
        \(body)</body></html>

        """
    }

    /// Four digits, with a standard error where there is one.
    package static func number(_ value: Double, _ sem: Double? = nil) -> String {
        guard value.isFinite else { return "–" }
        func digits(_ number: Double) -> String {
            let scale = abs(number) >= 100 ? 10.0 : abs(number) >= 1 ? 1000 : 100_000
            return "\((number * scale).rounded() / scale)"
        }
        return digits(value) + (sem.map { $0.isFinite ? " ± " + digits($0) : "" } ?? "")
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
