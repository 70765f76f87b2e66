import Foundation
import Testing

/// Something that a line of the sources says only where it is known to be harmless.
///
/// It sees text and no types, so that it is asked of what can be seen by its form. A place that says it has a line in a
/// table, with how often and why; a line of the table that has lost its place is a fault too.
struct Lint {
    /// How often a file says it, and why that is harmless.
    struct Allowance {
        let count: Int
        let reason: String

        init(_ count: Int, _ reason: String) {
            self.count = count
            self.reason = reason
        }
    }

    let pattern: Regex<Substring>
    /// Folders below Sources; all of them where there is none.
    var folders: [String] = []
    /// What is asked of a file before its lines are.
    var concerns: (String) -> Bool = { _ in true }
    /// By the file's path below Sources.
    let allowed: [String: Allowance]
    /// What to do about a place that is new.
    let advice: String

    /// Compares every file with the table.
    func check() throws {
        var seen: Set<String> = []
        let files = Self.files.filter { file in
            folders.isEmpty || folders.contains { file.path.hasPrefix($0 + "/") }
        }
        try #require(!files.isEmpty)
        for file in files {
            let places = concerns(file.text) ? file.places(of: pattern) : [], expected = allowed[file.path]
            if expected != nil { seen.insert(file.path) }
            guard places.count != expected?.count ?? 0 else { continue }
            let lines = places.map { "\($0)" }.joined(separator: ", ")
            Issue.record(
                "Sources/\(file.path): \(places.count) on the lines \(lines), \(expected?.count ?? 0) known: \(advice)")
        }
        for (path, allowance) in allowed.sorted(by: { $0.key < $1.key }) {
            #expect(seen.contains(path), "Sources/\(path) is in the table and not in the sources any more")
            #expect(allowance.reason.hasSuffix("."), "\(path): the reason is a sentence")
        }
    }

    private struct File {
        /// Below Sources.
        let path: String
        let text: String
        /// Without comments and literals.
        let lines: [Substring]

        init(path: String, text: String) {
            self.path = path
            self.text = text
            lines = SourceFile.code(text).split(separator: "\n", omittingEmptySubsequences: false)
        }

        /// The lines on which `pattern` is found; a line with two comes twice.
        func places(of pattern: Regex<Substring>) -> [Int] {
            lines.enumerated().flatMap { number, line in line.matches(of: pattern).map { _ in number + 1 } }
        }
    }

    /// Every source file, read once for all lints.
    private static let files: [File] = {
        let root = ImportTableTests.root.appendingPathComponent("Sources")
        let paths = (FileManager.default.enumerator(atPath: root.path)?.allObjects as? [String] ?? [])
        return paths.filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
            (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8))
                .map { File(path: path, text: $0) }
        }
    }()
}
