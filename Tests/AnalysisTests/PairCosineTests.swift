import Analysis
import Foundation
import Tensors
import Testing

@Suite struct PairCosineTests {
    /// Figures of NumPy in double precision: F[h, n, d] = sin(0.4h + 0.9n + 0.6d) + 0.2h; h < 2, n < 4, d < 3.
    private func golden(_ order: (Int, Int) -> Int) -> [Float] {
        var numbers = [Float](repeating: 0, count: 24)
        for head in 0..<2 {
            for patch in 0..<4 {
                for index in 0..<3 {
                    let angle = 0.4 * Double(head) + 0.9 * Double(patch) + 0.6 * Double(index)
                    numbers[order(head, patch) * 3 + index] = Float(sin(angle) + 0.2 * Double(head))
                }
            }
        }
        return numbers
    }

    @Test func golden() {
        let spatial = PairCosine.amongRows(Tensor(shape: [1, 2, 4, 3], golden { $0 * 4 + $1 }))
        #expect(abs(spatial[0] - 0.18974200) < 1e-6 && abs(spatial[1] - 0.20473294) < 1e-6)
        let heads = PairCosine.amongRows(Tensor(shape: [4, 2, 3], golden { $1 * 2 + $0 }))
        for (found, expected) in zip(heads, [0.92398710, 0.98381091, 0.97908957, 0.95226913]) {
            #expect(abs(found - expected) < 1e-6)
        }
    }

    @Test func rowsBeforeTheFirstAreLeftOut() {
        let all = Tensor(shape: [1, 3, 2], [9, -9, 1, 0, 0, 2])
        #expect(abs(PairCosine.amongRows(all, from: 1)[0]) < 1e-12)
        #expect(PairCosine.amongRows(all, from: 2)[0].isNaN)
        #expect(PairCosine.pairwise(all, all, from: 1) == [1])
    }

    @Test func aVectorOfLengthZeroIsLikeNothing() {
        let zero = Tensor(shape: [2, 2], [0, 0, 1, 1]), ones = Tensor(shape: [2, 2], [1, 1, 1, 1])
        #expect(abs(PairCosine.pairwise(zero, ones)[0] - 0.5) < 1e-12)
    }

    @Test func oppositesAndMultiples() {
        let a = Tensor(shape: [1, 2], [1, 2]), b = Tensor(shape: [1, 2], [-3, -6]), c = Tensor(shape: [1, 2], [4, 8])
        #expect(abs(PairCosine.pairwise(a, b)[0] + 1) < 1e-12 && abs(PairCosine.pairwise(a, c)[0] - 1) < 1e-12)
    }
}
