import Analysis
import Foundation
import Tensors
import Testing

@Suite struct CosineSimilarityTests {
    /// Figures of NumPy in double precision: F[h, n, d] = sin(0.4h + 0.9n + 0.6d) + 0.2h.
    @Test func goldenFigures() {
        let output = Tensor(
            shape: [1, 2, 4, 3],
            (0..<24).map { index in
                let (h, n, d) = (Double(index / 12), Double(index / 3 % 4), Double(index % 3))
                return Float(sin(0.4 * h + 0.9 * n + 0.6 * d) + 0.2 * h)
            })
        let heads = CosineSimilarity.acrossHeads(output, numPrefixTokens: 0)
        #expect(isClose(heads.values, [0.92398710, 0.98381091, 0.97908957, 0.95226913], 1e-7))
        #expect(isClose(Statistics(heads.values).mean ?? .nan, 0.95978917, 1e-7))
        let tokens = CosineSimilarity.acrossTokens(output, numPrefixTokens: 0)
        #expect(isClose(tokens.values, [0.18974200, 0.20473294], 1e-7))
        #expect(isClose(tokens.imageMeans, [0.19723747], 1e-7))
    }

    @Test func prefixTokensAreLeftOut() {
        var noise = Noise(16)
        let output = noise.tensor([2, 3, 6, 4])
        #expect(CosineSimilarity.acrossHeads(output, numPrefixTokens: 2).cols == 4)
        var other = output
        for head in 0..<3 { for token in 0..<2 { other[1, head, token, 0] = 100 } }
        #expect(
            CosineSimilarity.acrossTokens(output, numPrefixTokens: 2)
                == CosineSimilarity.acrossTokens(other, numPrefixTokens: 2))
    }

    @Test func onePair() {
        #expect(
            CosineSimilarity.acrossHeads(Tensor(shape: [1, 1, 2, 2], [1, 0, 0, 1]), numPrefixTokens: 0)[0, 0].isNaN)
        let zero = Tensor(shape: [1, 2, 1, 2], [0, 0, 1, 0])
        #expect(CosineSimilarity.acrossHeads(zero, numPrefixTokens: 0)[0, 0] == 0)
    }
}
