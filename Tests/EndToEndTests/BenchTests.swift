import Foundation
import TestSupport
import Testing

/// `make bench` without measuring: its arithmetic, and that README and docs/performance.md say what the figures say.
@Suite(.blocking) struct BenchTests {
    @Test func figuresAndDocumentsAgree() throws {
        let answer = try run("python3", [repository.appendingPathComponent("Tests/Bench/figures.py").path])
        #expect(answer.status == 0, "\(answer.text)\n\(answer.errors)")
    }

    /// Small ones, to see that each command answers with what the sections read.
    @Test(arguments: [
        ["cka", "--images", "40", "--layers", "2", "--width", "16"],
        ["tsne", "--images", "40", "--width", "8", "--iterations", "20"],
        ["probe", "--images", "40", "--layers", "2", "--width", "16", "--epochs", "1"],
        ["load"],
    ])
    func eachWorkIsTimed(arguments: [String]) throws {
        let file = arguments == ["load"] ? [fixture("models/files/simmim_pretrain.pth")] : []
        let answer = try run(vitscope, ["bench"] + arguments + file + ["--json"])
        let report = try JSONSerialization.jsonObject(with: answer.output) as? [String: Any]
        #expect((report?["duration_seconds"] as? Double ?? 0) > 0, "\(answer.text)\(answer.errors)")
        if arguments.first == "cka" { #expect((report?["product_seconds"] as? Double ?? 0) > 0) }
    }

    @Test(arguments: [
        ["cka", "--images", "0"], ["tsne", "--width", "1"], ["probe", "--images", "999999", "--width", "65536"],
    ])
    func sizesOutOfRangeAreRefused(arguments: [String]) throws {
        let answer = try run(vitscope, ["bench"] + arguments)
        #expect(answer.status != 0 && answer.errors.contains("must"), "\(answer)")
    }
}
