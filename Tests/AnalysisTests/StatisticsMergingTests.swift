import Analysis
import Foundation
import TestSupport
import Testing

/// Statistics of neighbouring stretches come to those of both.
@Suite struct StatisticsMergingTests {
    private static let numbers: [Double] = (0..<1000).map { index in
        let wave = 3 * sin(Double(index) * 1.7)
        return wave + 1e6 + Double(index % 7)
    }

    /// Stretches that begin at `cuts`, merged in order.
    private func merged(_ numbers: [Double], cuts: [Int]) -> Statistics {
        var all = Statistics()
        for (first, end) in zip([0] + cuts, cuts + [numbers.count]) { all.add(Statistics(numbers[first..<end])) }
        return all
    }

    @Test(arguments: [[], [500], [1], [999], [0], [0, 0, 3, 3, 998], [1, 2, 3, 4, 5, 6, 7], [333, 666]])
    func stretchesComeToTheWhole(cuts: [Int]) throws {
        let whole = Statistics(Self.numbers), parts = merged(Self.numbers, cuts: cuts)
        #expect(parts.count == whole.count)
        let (mean, deviation) = try #require(whole.mean.flatMap { mean in whole.standardDeviation.map { (mean, $0) } })
        #expect(abs(try #require(parts.mean) - mean) < 1e-9)
        #expect(abs(try #require(parts.standardDeviation) - deviation) < 1e-9)
        #expect(abs(try #require(parts.standardError) - deviation / 1000.0.squareRoot()) < 1e-9)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300])
    func whatIsNotFiniteStaysSo(odd: Double) {
        var numbers = Self.numbers
        numbers[700] = odd
        let whole = Statistics(numbers), parts = merged(numbers, cuts: [250, 500])
        #expect((parts.mean == nil) == (whole.mean == nil))
        #expect((parts.standardDeviation == nil) == (whole.standardDeviation == nil))
    }

    @Test func noNumbersChangeNothing() {
        var all = Statistics()
        all.add(Statistics())
        #expect(all.count == 0 && all.mean == nil)
        all.add(Statistics([2, 4]))
        all.add(Statistics())
        #expect(all.mean == 3 && all.standardDeviation == 2.0.squareRoot())
    }

    @Test func vectorsAreMergedNumberByNumber() {
        var (first, second) = (VectorStatistics(count: 2), VectorStatistics(count: 2))
        first.add([1, 10])
        second.add([3, 30])
        second.add([5, 50])
        first.add(second)
        #expect(first.mean == [3, 30] && first.standardDeviation == [2, 20])
    }
}
