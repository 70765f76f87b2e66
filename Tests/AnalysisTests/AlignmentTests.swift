import Analysis
import Foundation
import Platform
import Tensors
import Testing

@Suite struct AlignmentTests {
    private let pool = ThreadPool(threads: 2)

    private func similarity(
        _ a: DoubleMatrix, _ b: DoubleMatrix, _ metric: Alignment.Metric, k: Int = 5
    ) throws -> Double? {
        Alignment.similarity(
            try Alignment.Side(a, metric: metric, k: k, pool: pool),
            try Alignment.Side(b, metric: metric, k: k, pool: pool), metric: metric, pool: pool)
    }

    @Test(arguments: Alignment.Metric.allCases) func equalsNumPy(_ metric: Alignment.Metric) throws {
        let expected = try GeometryFixture().number(metric.rawValue)
        let found = try #require(try similarity(GeometryFixture.first, GeometryFixture.second, metric))
        #expect(abs(found - expected) < 1e-9, "\(metric): \(found), \(expected)")
    }

    /// By hand: four directions, of which each side pairs others.
    @Test func neighboursByHand() throws {
        func directions(_ degrees: [Double]) -> DoubleMatrix {
            DoubleMatrix(
                rows: degrees.count, cols: 2, degrees.flatMap { [cos($0 * .pi / 180), sin($0 * .pi / 180)] })
        }
        // Nearest by the first: 0–1, 2–3; by the second: 0–1 again, but 2 and 3 with others.
        let a = directions([0, 10, 90, 105]), b = directions([0, 10, 200, 25])
        #expect(try similarity(a, b, .mutualKNN, k: 1) == 0.5)
        #expect(try similarity(a, a, .mutualKNN, k: 1) == 1)
    }

    @Test(arguments: Alignment.Metric.allCases) func isOneWithItselfTurnedAndScaled(_ metric: Alignment.Metric) throws {
        let own = GeometryFixture.first
        #expect(abs(try #require(try similarity(own, own, metric)) - 1) < 1e-9)
        // A rotation in the plane of the columns 0 and 3, and a scale.
        var turned = own
        for row in 0..<own.rows {
            turned[row, 0] = 2.5 * (cos(0.4) * own[row, 0] - sin(0.4) * own[row, 3])
            turned[row, 3] = 2.5 * (sin(0.4) * own[row, 0] + cos(0.4) * own[row, 3])
            for column in [1, 2, 4, 5] { turned[row, column] = 2.5 * own[row, column] }
        }
        #expect(abs(try #require(try similarity(own, turned, metric)) - 1) < 1e-9)
        if metric != .pwcca {
            let forth = try similarity(own, GeometryFixture.second, metric) ?? .nan
            let back = try similarity(GeometryFixture.second, own, metric) ?? .nan
            #expect(abs(forth - back) < 1e-9)
        }
    }

    @Test(arguments: Alignment.Metric.allCases) func samplesThatDoNotDifferAreRefused(_ metric: Alignment.Metric) {
        let same = DoubleMatrix(rows: 6, cols: 3, [Double](repeating: 0.25, count: 18))
        #expect(throws: AnalysisError.undefinedAlignment) {
            try Alignment.Side(same, metric: metric, k: 2, pool: pool)
        }
    }
}
