import Foundation
import JSON
import Testing
import Training

/// What people read about settings is what is declared.
@Suite struct SettingDocumentTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    @Test func theTableOfTheDocumentationIsTheDeclaration() throws {
        let file = Self.root.appendingPathComponent("docs/training.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        let table = SettingTable(.standard).text
        #expect(page.contains(table), "docs/training.md should have this table:\n\(table)")
        for method in try #require(JobSettingList.standard.description["methods"]?.list) {
            let name = try #require(method["name"]?.string), summary = try #require(method["summary"]?.string)
            #expect(page.contains("| `\(name)` | \(summary) |"), "docs/training.md lacks \(name): \(summary)")
        }
    }

    /// The jobs of the README and of the demo fit the published schema, and are read.
    @Test func theJobsThatWeShowFitTheSchema() throws {
        var jobs: [JSONValue] = []
        for name in ["hybrid", "moco_v3", "simmim"] {
            let file = Self.root.appendingPathComponent("deploy/demo/jobs/\(name).json")
            jobs.append(try .parse(Array(try Data(contentsOf: file))))
        }
        let readme = try String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
        for piece in readme.components(separatedBy: "<<'EOF'\n").dropFirst() {
            let text = piece.components(separatedBy: "\nEOF\n")[0]
            if let job = JSONValue(json: text), job["method"] != nil { jobs.append(job) }
        }
        #expect(jobs.count >= 5, "the README shows jobs")
        for job in jobs {
            try PublishedSchema.check(job)
            #expect(try !TrainingConfiguration(job).digest.isEmpty)
        }
    }
}
