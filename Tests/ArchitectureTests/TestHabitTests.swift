import Foundation
import Testing

/// What tests do not do, because such a test holds whatever happens, or fails because a machine is slow.
@Suite struct TestHabitTests {
    /// - Parameters:
    ///   - word: what no test says.
    ///   - instead: what it says.
    @Test(arguments: [
        ("all" + "Satisfy", "everyOne, which is false of nothing at all"),
        ("Task.sl" + "eep", "eventually, or what is awaited"), ("Thread.sl" + "eep", "eventually, or what is awaited"),
        ("u" + "sleep(", "eventually, or what is awaited"),
        ("SystemRandom" + "NumberGenerator", "TestRandom, whose seed is told"),
        ("UInt64.rand" + "om(", "TestRandom, whose seed is told"),
    ])
    func noTestSays(_ word: String, instead: String) throws {
        let tests = ImportTableTests.root.appendingPathComponent("Tests")
        let files = (FileManager.default.enumerator(atPath: tests.path)?.allObjects as? [String] ?? [])
            .filter { $0.hasSuffix(".swift") && !$0.hasPrefix("TestSupport/") }
        try #require(files.count > 100)
        for file in files {
            let text = try String(contentsOf: tests.appendingPathComponent(file), encoding: .utf8)
            #expect(!text.contains(word), "Tests/\(file) says \(word); write \(instead)")
        }
    }

    /// An outcome that may be one or another is no outcome: `[200, 201].contains(status)`, `a == 1 || a == 2`.
    @Test func noExpectationTakesTwoOutcomes() throws {
        let tests = ImportTableTests.root.appendingPathComponent("Tests")
        let list = #/#(expect|require)\(\[[^\]]*\]\.contains\(/#,
            either = #/#(expect|require)\([^{]* == [^{]* \|\| [^{]* == /#
        for case let file as String in FileManager.default.enumerator(atPath: tests.path) ?? .init() {
            guard file.hasSuffix(".swift"), !file.hasPrefix("ArchitectureTests/") else { continue }
            let text = try String(contentsOf: tests.appendingPathComponent(file), encoding: .utf8)
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            where line.contains("#expect(") || line.contains("#require(") {
                #expect(
                    !line.contains(list) && !line.contains(either), "Tests/\(file):\(number + 1) takes two outcomes")
            }
        }
    }
}
