import Analysis
import Foundation
import Models
import Platform
import Tensors
import Testing

@Suite struct TokenStatisticsTests {
    private let pool = ThreadPool(threads: 2)
    private let layout = TokenLayout(
        grid: GridSize(rows: 1, cols: 2), patchSize: 4, numPrefixTokens: 2, classToken: true)

    @Test func normsByHand() {
        // Class token of length 5, a register of length 13, patches of lengths 1 and 3.
        let tokens = Tensor(shape: [1, 4, 2], [3, 4, 5, 12, 0, 1, 3, 0])
        let values = TokenNorms.values(tokens, layout: layout)[0]
        #expect(values.patchMean == 2 && values.patchSpread == 1 && values.cls == 5 && values.registers == 13)
        let bare = TokenLayout(grid: GridSize(rows: 2, cols: 2), patchSize: 4, numPrefixTokens: 0, classToken: false)
        let without = TokenNorms.values(tokens, layout: bare)[0]
        #expect(without.cls.isNaN && without.registers.isNaN && without.patchMean == 5.5)
    }

    @Test func varianceByHand() {
        // Channel 0: 1, 3 (variance 2); channel 1: 10, 16 (variance 18); the class token is left out.
        let tokens = Tensor(shape: [2, 3, 2], [99, 99, 1, 10, 3, 16, 0, 0, 5, 5, 5, 5])
        #expect(FeatureVariance.values(tokens, numPrefixTokens: 1) == [10, 0])
        for value in FeatureVariance.values(tokens, numPrefixTokens: 2) { #expect(value.isNaN) }
    }

    @Test func varianceKeepsItsDigitsBesideALargeMean() {
        let near = Tensor(shape: [1, 2, 1], [16_777_214, 16_777_216])
        #expect(FeatureVariance.values(near, numPrefixTokens: 0) == [2])
    }

    @Test func sharesByHand() {
        // Rows: class, register, two patches.
        let map: [Float] = [
            0.5, 0.5, 0, 0,
            0, 1, 0, 0,
            0.25, 0.25, 0.5, 0,
            0.75, 0, 0.25, 0,
        ]
        let shares = AttentionShares(Tensor(shape: [1, 1, 4, 4], map), layout: layout)
        #expect(shares.patchesToClass.values == [0.5] && shares.patchesToRegisters.values == [0.125])
        #expect(shares.classToClass.values == [0.5])
        let bare = TokenLayout(grid: GridSize(rows: 2, cols: 2), patchSize: 4, numPrefixTokens: 0, classToken: false)
        let none = AttentionShares(Tensor(shape: [1, 1, 4, 4], map), layout: bare)
        #expect(none.patchesToClass.values[0].isNaN && none.classToClass.values[0].isNaN)
    }

    @Test func effectiveRankCountsDirections() {
        #expect(abs(SingularValues.effectiveRank(logValues: [2, 2, 2]) - 3) < 1e-12)
        #expect(abs(SingularValues.effectiveRank(logValues: [0, -700]) - 1) < 1e-12)
        #expect(SingularValues.effectiveRank(logValues: []).isNaN)
        // Shares 0.8 and 0.2: exp of their entropy.
        let expected = exp(-0.8 * log(0.8) - 0.2 * log(0.2))
        #expect(abs(SingularValues.effectiveRank(logValues: [log(4), log(1)]) - expected) < 1e-12)
    }

    @Test func scatterIsTheCovarianceWhateverTheBatches() {
        let rows = (0..<40).map { row in (0..<5).map { sin(1.3 * Double(row) + Double($0)) + 100 } }
        let all = DoubleMatrix(rows: 40, cols: 5, rows.flatMap(\.self))
        var whole = Scatter(width: 5), single = Scatter(width: 5), turned = Scatter(width: 5)
        whole.add(all)
        for row in 0..<40 { single.add(all.rows(row..<row + 1)) }
        for row in (0..<40).reversed() { turned.add(all.rows(row..<row + 1)) }
        #expect(whole.covariance.values == single.covariance.values && whole.count == 40)
        for (a, b) in zip(whole.covariance.values, turned.covariance.values) { #expect(abs(a - b) < 1e-11) }
        let direct = SingularValues.imageLevel(all, pool: pool)
        let streamed = SingularValues.imageLevel(whole, pool: pool)
        #expect(direct.count == 5 && streamed.count == 5)
        for (a, b) in zip(direct, streamed).prefix(2) { #expect(abs(a - b) < 1e-9) }
    }

    /// The figures of `SingularValuesTests`, streamed.
    @Test func goldenImageLevel() {
        var scatter = Scatter(width: 3)
        for image in 0..<4 {
            var mean = [0.0, 0, 0]
            for token in 1..<5 {
                for channel in 0..<3 {
                    let angle = 0.7 * Double(image) + 1.3 * Double(token) + 0.9 * Double(channel)
                    mean[channel] += (sin(angle) + 0.05 * Double(image * token * channel)) / 4
                }
            }
            scatter.add(DoubleMatrix(rows: 1, cols: 3, mean))
        }
        let values = SingularValues.imageLevel(scatter, pool: pool)
        for (found, expected) in zip(values, [-1.225956, -5.448563, -13.295877]) {
            #expect(abs(found - expected) < 1e-5)
        }
    }
}
