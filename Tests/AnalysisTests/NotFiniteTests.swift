import TestSupport
import Analysis
import Foundation
import Models
import Platform
import Tensors
import Testing

/// What is no number stays none in the analyses, and what differs by rounding alone is the same.
@Suite struct NotFiniteTests {
    private let pool = ThreadPool(threads: 1)
    private let layout = TokenLayout(
        grid: GridSize(rows: 2, cols: 2), patchSize: 4, numPrefixTokens: 1, classToken: true)

    private func features(_ rows: Int, _ cols: Int) -> DoubleMatrix {
        DoubleMatrix(rows: rows, cols: cols, (0..<rows * cols).map { sin(1.7 * Double($0)) + 3 })
    }

    /// Rows that are the same up to about the last bit of 32-bit numbers.
    private func same(_ rows: Int, _ cols: Int) -> DoubleMatrix {
        DoubleMatrix(
            rows: rows, cols: cols,
            (0..<rows * cols).map { 30 * sin(1.7 * Double($0 % cols)) * (1 + 1.2e-7 * sin(Double($0))) })
    }

    @Test func neighboursOfNaNAreNone() {
        var train = features(6, 3)
        let labels = [0, 0, 0, 1, 1, 1]
        var asked = features(3, 3)
        asked[1, 2] = .nan
        let found = NearestNeighbours(train: train, labels: labels, classes: 2)
            .ranking(of: asked, k: 3, temperature: 0.07, pool: pool)
        #expect(found[0] != nil && found[1] == nil && found[2] != nil)
        train[4, 0] = .infinity
        let none = NearestNeighbours(train: train, labels: labels, classes: 2)
            .ranking(of: features(3, 3), k: 3, temperature: 0.07, pool: pool)
        #expect(none == [nil, nil, nil])
    }

    @Test func aRolloutOfNaNIsNaN() throws {
        for (fusion, ratio) in [(HeadFusion.mean, 0.9), (.max, 0.9), (.min, 0.5), (.mean, 0)] {
            var rollout = try AttentionRollout(layout: layout, fusion: fusion, discardRatio: ratio)
            var numbers = [Float](repeating: 0.2, count: 2 * 25)
            numbers[25 + 12] = .nan
            let map = Tensor(shape: [1, 2, 5, 5], numbers)
            rollout.add(map, pool: pool)
            rollout.add(Tensor(shape: [1, 2, 5, 5], repeating: 0.2), pool: pool)
            #expect(rollout.rollout.array.everyOne { $0.isNaN }, "\(fusion) \(ratio)")
            let gradients = try GradientRollout(layout: layout, discardRatio: ratio)
            let ones = Tensor(shape: [1, 2, 5, 5], repeating: 1)
            #expect(gradients.rollout([map, ones], gradients: [ones, ones], pool: pool).array.everyOne { $0.isNaN })
        }
    }

    @Test func aMaskOfNaNMarksNothing() {
        #expect(AttentionMap.mask([0.2, .nan, 0.3], share: 0.5) == nil)
        #expect(AttentionMap.mask([0.2, .infinity, 0.3], share: 0.5) == nil)
    }

    @Test func spectraOfNothingHaveNoRank() {
        let floor = log(SingularValues.smallest)
        for values in [[Double.nan, .nan], [0, .nan], [0, -.infinity], [floor, floor, floor]] {
            #expect(SingularValues.effectiveRank(logValues: values).isNaN, "\(values)")
        }
        #expect(abs(SingularValues.effectiveRank(logValues: [0, floor]) - 1) < 1e-9)
    }

    @Test func roundingIsNoSpread() throws {
        let same = same(9, 5)
        #expect(same.columnCentered().squaredNorm > 0)
        #expect(SingularValues.imageLevel(same, pool: pool).everyOne { $0 == log(SingularValues.smallest) })
        var scatter = Scatter(width: 5)
        scatter.add(same)
        #expect(SingularValues.imageLevel(scatter, pool: pool).everyOne { $0 == log(SingularValues.smallest) })
        let components = try #require(PrincipalComponents(same, count: 2))
        #expect(components.explainedRatio == nil && components.coordinates.values.everyOne { $0 == 0 })
        for metric in Alignment.Metric.allCases {
            #expect(throws: AnalysisError.undefinedAlignment) {
                try Alignment.Side(same, metric: metric, k: 2, pool: pool)
            }
        }
        for kernel in [CKA.Kernel.linear, .rbf] {
            let matrix = CKA.matrix([same, features(9, 5)], kernel: kernel, pool: pool)
            #expect(matrix[0, 0] == nil && matrix[0, 1] == nil && matrix[1, 1] != nil)
        }
        let still = TokenDisplacement(before: same, after: self.same(9, 5))
        let moved = TokenDisplacement(
            before: same, after: DoubleMatrix(rows: 9, cols: 5, same.values.map { $0 * (1 + 1e-8) }))
        #expect(still.unison.isNaN && moved.unison.isNaN)
    }

    /// Half of the samples alike but for rounding: the median distance is rounding, which no bandwidth is made of.
    @Test func aMedianOfRoundingIsNoBandwidth() {
        let (alike, others) = (same(9, 5), features(3, 5))
        let matrix = CKA.matrix([.stacking([alike, others])], kernel: .rbf, pool: pool)
        #expect(matrix[0, 0] == nil && matrix.reasons.contains { $0.reason.contains("median") })
    }

    @Test func brokenRepresentationsAreNotEqualOnes() {
        for number in [Double.nan, .infinity] {
            var broken = features(6, 4)
            broken[2, 1] = number
            for metric in Alignment.Metric.allCases {
                #expect(throws: AnalysisError.notFinite) {
                    try Alignment.Side(broken, metric: metric, k: 2, pool: pool)
                }
            }
            #expect(PrincipalComponents(broken, count: 2) == nil)
        }
    }
}
