import Foundation
import Models
import Service
import Testing
import Training

/// The page that says what is computed has a place for everything that can be asked for.
@Suite struct DocumentationTests {
    private static let page = ImportTableTests.root.appendingPathComponent("docs/science.md")

    /// The headings below the groups, and the text of each.
    private static func sections() throws -> [(heading: String, text: String)] {
        var sections: [(heading: String, text: String)] = []
        for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("#") {
                sections.append((line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces), ""))
            } else if !sections.isEmpty {
                sections[sections.count - 1].text += line + "\n"
            }
        }
        return sections
    }

    private static let wanted =
        AnalysisKind.allCases.map(\.rawValue) + TrainingMethod.allCases.map { "Objective \($0.rawValue)" }
        + Layout.allCases.map { "Layout \($0.rawValue)" }

    @Test(arguments: wanted) func everythingHasOneSection(heading: String) throws {
        let found = try Self.sections().filter { $0.heading == heading }
        try #require(found.count == 1, "docs/science.md wants one heading “### \(heading)”")
        #expect(found[0].text.count > 60, "the section of \(heading) says next to nothing")
    }

    @Test func nothingElseHasASection() throws {
        let page = try String(contentsOf: Self.page, encoding: .utf8)
        let headings = page.split(separator: "\n").filter { $0.hasPrefix("### ") }.map { String($0.dropFirst(4)) }
        #expect(Set(headings).subtracting(Self.wanted) == [])
    }

    /// As GitHub makes them: lower case, hyphens for spaces, punctuation gone.
    private static func anchor(_ heading: String) -> String {
        heading.lowercased().replacing(" ", with: "-").filter { $0.isLetter || $0.isNumber || "-_".contains($0) }
    }

    /// What a link into the page can name.
    static func anchors() throws -> Set<String> { Set(try sections().map { anchor($0.heading) }) }

    @Test func linksWithinThePageLeadSomewhere() throws {
        let anchors = try Self.anchors()
        let page = try String(contentsOf: Self.page, encoding: .utf8)
        let links = page.matches(of: /\]\(#([^)]+)\)/).map { String($0.1) }
        try #require(links.count > 5)
        for link in links { #expect(anchors.contains(link), "there is no heading for #\(link)") }
    }
}
