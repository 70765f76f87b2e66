import Analysis
import Foundation
import Models
import Platform
import Tensors
import Testing

@Suite struct GradientRolloutTests {
    let pool = makePool()

    /// One head, a class token and two patches: only what both attention and gradient support flows.
    @Test func handSized() throws {
        let layout = TokenLayout(
            grid: GridSize(rows: 1, cols: 2), patchSize: 4, numPrefixTokens: 1, classToken: true)
        let attention = Tensor(shape: [1, 1, 3, 3], [0.5, 0.3, 0.2, 0.2, 0.6, 0.2, 0.1, 0.1, 0.8])
        let gradient = Tensor(shape: [1, 1, 3, 3], [0, 2, 1, 0, -1, 0, 0, 0, 0])
        // The class token's row is (0, 0.6, 0.2): plus the identity and divided by its sum, 1.8.
        let rollout = try GradientRollout(layout: layout, discardRatio: 0)
        let once = rollout.rollout([attention], gradients: [gradient], pool: pool).array
        #expect(abs(once[0] - 1) < 1e-6 && abs(once[1] - 1 / 3) < 1e-6)
        // Nothing but negative support: no patch reaches the class token.
        let against = rollout.rollout([attention], gradients: [gradient.map { -abs($0) }], pool: pool)
        #expect(against.array == [0, 0])
        // Seven of nine entries are discarded, which leaves the larger of the two patches.
        let strict = try GradientRollout(layout: layout, discardRatio: 8.0 / 9)
        #expect(strict.rollout([attention], gradients: [gradient], pool: pool).array == [1, 0])
        #expect(throws: AnalysisError.discardRatio(1.5)) { try GradientRollout(layout: layout, discardRatio: 1.5) }
    }

    /// Unlike in attention rollout the class token's attention to itself is discarded with the rest.
    @Test func theFirstNumberIsNotKept() throws {
        let layout = TokenLayout(
            grid: GridSize(rows: 1, cols: 2), patchSize: 4, numPrefixTokens: 1, classToken: true)
        let attention = Tensor(shape: [1, 1, 3, 3], [0.2, 0.8, 0.3, 0.4, 0.5, 0.6, 0.7, 0.9, 1])
        let ones = Tensor(shape: [1, 1, 3, 3], repeating: 1)
        var kept = try AttentionRollout(layout: layout, discardRatio: 1.0 / 9)
        kept.add(attention, pool: pool)
        let free = try GradientRollout(layout: layout, discardRatio: 1.0 / 9)
        // One block shows only the class token's row, whose parts keep their ratio; two blocks tell them apart.
        kept.add(attention, pool: pool)
        let both = free.rollout([attention, attention], gradients: [ones, ones], pool: pool)
        #expect(both.shape == kept.rollout.shape && both.array != kept.rollout.array)
    }

    @Test func agreesWithPyTorch() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/analysis/gradient_rollout.json")
        let all = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: folder)) as? [String: Any])
        let largest = try #require(all["largest"] as? [String: Any])
        let attentions = try #require(largest["attentions"] as? [[Double]])
        let layout = TokenLayout(
            grid: GridSize(rows: 2, cols: 3), patchSize: 4, numPrefixTokens: 1, classToken: true)
        func tensors(_ numbers: [[Double]]) -> [Tensor] {
            numbers.map { Tensor(shape: [3, 3, 7, 7], $0.map { Float($0) }) }
        }
        var seen = 0
        for target in ["largest", "class 3", "feature"] {
            let item = try #require(all[target] as? [String: Any])
            let gradients = try #require(item["gradients"] as? [[Double]])
            let expected = try #require(item["rollout"] as? [String: [[Double]]])
            for (name, maps) in expected {
                let words = name.split(separator: " ")
                let rollout = try GradientRollout(
                    layout: layout, discardRatio: try #require(Double(words[0])),
                    convention: try #require(Convention(rawValue: String(words[1]))))
                let found = rollout.rollout(tensors(attentions), gradients: tensors(gradients), pool: pool)
                #expect(found.shape == [3, 2, 3])
                #expect(isClose(found, maps.flatMap(\.self), 2e-6), "\(target) \(name)")
                seen += 1
            }
        }
        #expect(seen == 18)
    }
}
