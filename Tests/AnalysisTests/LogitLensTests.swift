import Analysis
import Foundation
import Testing

@Suite struct LogitLensTests {
    /// Shares of 1/2, 1/4, 1/4: ln 2 and twice ln 2 above the least.
    @Test func threeClassesByHand() throws {
        let lens = try #require(LogitLens(logits: [0, Float(log(2.0)), 0], count: 2))
        #expect(lens.classes == [1, 0])
        #expect(abs(lens.probabilities[0] - 0.5) < 1e-7 && abs(lens.probabilities[1] - 0.25) < 1e-7)
        #expect(abs(lens.entropy - 1.5 * log(2)) < 1e-6)
        #expect(lens.rank(of: 1) == 1 && lens.rank(of: 0) == 2 && lens.rank(of: 2) == 3)
        #expect(abs(lens.probability(of: 2) - 0.25) < 1e-7)
    }

    @Test func equalLogitsAreUniform() throws {
        let lens = try #require(LogitLens(logits: [5, 5, 5, 5], count: 9))
        #expect(lens.classes == [0, 1, 2, 3])
        #expect(abs(lens.entropy - LogitLens.uniformEntropy(classes: 4)) < 1e-12)
    }

    @Test func hugeLogitsDoNotOverflowAndOthersDecideNothing() throws {
        let sure = try #require(LogitLens(logits: [3e38, -3e38], count: 1))
        #expect(sure.probabilities == [1] && sure.entropy == 0)
        #expect(LogitLens(logits: [1, .nan], count: 1) == nil && LogitLens(logits: [1, .infinity], count: 1) == nil)
    }
}
