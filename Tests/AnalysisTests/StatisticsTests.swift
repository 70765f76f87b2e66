import Analysis
import Testing

@Suite struct StatisticsTests {
    @Test func handSized() throws {
        let statistics = Statistics([2, 4, 4, 4, 5, 5, 7, 9])
        #expect(statistics.mean == 5)
        #expect(isClose(try #require(statistics.standardDeviation), (32.0 / 7).squareRoot(), 1e-15))
        #expect(isClose(try #require(statistics.standardError), (32.0 / 56).squareRoot(), 1e-15))
    }

    @Test func tooFew() {
        #expect(Statistics().mean == nil)
        #expect(Statistics([3]).mean == 3)
        #expect(Statistics([3]).standardDeviation == nil && Statistics([3]).standardError == nil)
        #expect(Statistics([3, 3]).standardDeviation == 0)
    }

    @Test func whatIsNotFinite() {
        for number in [Double.nan, .infinity] {
            let statistics = Statistics([1, number, 2])
            #expect(statistics.mean == nil && statistics.standardDeviation == nil && statistics.standardError == nil)
        }
    }

    /// A large mean takes no digits from a small spread.
    @Test func largeMean() throws {
        let statistics = Statistics((0..<1000).map { 1e9 + Double($0 % 2) })
        #expect(isClose(try #require(statistics.standardDeviation), (250.0 / 999).squareRoot(), 1e-6))
    }

    @Test func vectors() {
        var statistics = VectorStatistics(count: 2)
        statistics.add([1, 10])
        statistics.add([3, 10])
        #expect(statistics.mean == [2, 10])
        #expect(statistics.standardDeviation == [Double(2).squareRoot(), 0])
        #expect(statistics[0].count == 2)
    }

    @Test func layersAndHeads() {
        var statistics = LayerHeadStatistics(layers: 2, heads: 2)
        statistics.add(HeadValues(images: 2, heads: 2, values: [1, 3, 5, 7]), layer: 0)
        statistics.add(HeadValues(images: 1, heads: 2, values: [9, 11]), layer: 0)
        statistics.add(HeadValues(images: 1, heads: 2, values: [4, 4]), layer: 1)
        // Images have 2, 6 and 10 on average over the heads.
        #expect(statistics.mean == [6, 4])
        #expect(statistics.standardDeviation == [4, nil])
        #expect(statistics.standardError == [4 / Double(3).squareRoot(), nil])
        #expect(statistics.perHead == [[5, 7], [4, 4]])
    }
}
