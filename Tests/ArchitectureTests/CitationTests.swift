import Foundation
import Testing

/// Comments cite what a reader can open: a paper, or a file of this repository.
@Suite struct CitationTests {
    /// Folders that are not held to it yet.
    private static let exempt = ["Sources/Models/KeyMaps/", "Sources/Service/Analyses/"]

    /// What a line of `Sources` or `Tests` says, with its place.
    private struct Line {
        let place: String
        let text: String
        /// What stands behind `//`, `#` or in a page; nil for code alone.
        let comment: String?
    }

    private static func lines() throws -> [Line] {
        var lines: [Line] = []
        for folder in ["Sources", "Tests"] {
            let root = ImportTableTests.root.appendingPathComponent(folder)
            for case let path as String in FileManager.default.enumerator(atPath: root.path) ?? .init() {
                let file = "\(folder)/\(path)", ending = (path as NSString).pathExtension
                guard ["swift", "c", "h", "py", "md"].contains(ending), !exempt.contains(where: file.hasPrefix)
                else { continue }
                let mark = ending == "py" ? "#" : "//"
                let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
                for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                    let comment =
                        ending == "md" ? String(line) : line.range(of: mark).map { String(line[$0.upperBound...]) }
                    lines.append(Line(place: "\(file):\(number + 1)", text: String(line), comment: comment))
                }
            }
        }
        return lines
    }

    /// A letter, a full stop and a number are a part of some catalogue, unless a paper's table, figure or appendix.
    @Test func noCommentCitesWhatIsNotHere() throws {
        let lines = try Self.lines(), shared = "../" + "shared"
        try #require(lines.count > 10_000)
        let part = #/(?<before>[A-Za-z]+ )?\(?\b[A-G]\.[0-9]+[a-z]?\b/#
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let papers: Set = ["table", "figure", "appendix", "section"]
        for line in lines {
            guard !line.text.contains(shared) else {
                Issue.record("\(line.place) cites a file beyond the repository")
                continue
            }
            // Regular expressions are slow, and few comments have a number behind a full stop.
            guard let comment = line.comment, let stop = comment.utf8.firstIndex(of: UInt8(ascii: ".")) else {
                continue
            }
            #expect(!comment.contains("science" + ": "), "\(line.place) cites a catalogue that is not here")
            guard comment.utf8[stop...].contains(where: digits.contains) else { continue }
            for match in comment.matches(of: part) {
                let word = match.before.map { $0.dropLast().lowercased() } ?? ""
                #expect(papers.contains(word), "\(line.place) cites “\(match.0)” without saying of what")
            }
        }
    }

    /// A section of the page that is cited has its heading.
    @Test func citedSectionsExist() throws {
        let headings = try DocumentationTests.anchors()
        for line in try Self.lines() where line.text.contains("science" + ".md") {
            for match in line.text.matches(of: #/science\.md(?:\#(?<anchor>[A-Za-z0-9_-]+))?/#) {
                #expect(line.text.contains("docs/science.md"), "\(line.place) names a page without its folder")
                if let anchor = match.anchor {
                    #expect(headings.contains(String(anchor)), "\(line.place) cites #\(anchor), which is not there")
                }
            }
        }
    }
}
