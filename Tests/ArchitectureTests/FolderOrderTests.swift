import Foundation
import Testing

/// The folders of a module build on each other in one order, so none of them is part of a circle.
@Suite struct FolderOrderTests {
    /// Each folder names types of its own and of those before it alone; "" holds the files beside the folders.
    static let orders: [String: [String]] = [
        "Catalogue": ["Vocabulary", "Images", "Uploads", "Datasets", "Models", "Inspection"],
        "Engine": ["Parameters", "Compute", "Questions", "Results", "Kinds", "Comparisons", "Computing"],
        "Processes": ["Wire", "Children", "Parsing", "Computing", ""],
        "Runs": ["Folders", "Training", "Workers", "Executors", "Queue"],
        "Reproduction": ["Benchmarks", "Checks", "Demo", "Checklist"],
        "Service": ["", "Catalogue", "Jobs", "Analyses"],
    ]

    @Test(arguments: orders.keys.sorted()) func foldersFollowTheirOrder(module: String) throws {
        let root = ImportTableTests.root.appendingPathComponent("Sources/\(module)").path + "/"
        var files: [SourceFile] = []
        for url in ImportTableTests.sources(of: module) {
            let path = String(url.path.dropFirst(root.count))
            files.append(SourceFile(path: path, text: try String(contentsOf: url, encoding: .utf8)))
        }
        #expect(!files.isEmpty)
        #expect(
            Set(files.map(\.folder)) == Set(Self.orders[module] ?? []), "say in the table in which order \(module) is")
        #expect(SourceFile.backEdges(files, order: Self.orders[module] ?? []).isEmpty)
    }

    @Test func anEdgeBackIsFound() {
        let files = [
            SourceFile(
                path: "Low/A.swift", text: "struct Alpha {\n    // Beta is only told of.\n    let text = \"Beta\"\n}"),
            SourceFile(path: "High/B.swift", text: "public enum Beta {\n    let alpha: Alpha\n}"),
            SourceFile(path: "Low/C.swift", text: "func gamma() { print(\"\\(Beta.self)\") }"),
        ]
        #expect(SourceFile.backEdges(files, order: ["Low", "High"]) == ["Low/C.swift names Beta of High"])
        #expect(SourceFile.backEdges(files, order: ["High", "Low"]) == ["High/B.swift names Alpha of Low"])
    }
}
