import Analysis
import Models
import Platform
import Tensors
import Testing

@Suite struct AttentionDistanceTests {
    let pool = makePool()

    private func distance(_ tensor: Tensor, _ layout: TokenLayout) -> Double {
        AttentionDistance(layout: layout).values(tensor, pool: pool)[0, 0]
    }

    /// Figures of NumPy in double precision: patches of 16 pixels on a 14×14 grid.
    @Test func goldenFigures() {
        let square = layout(14, 14, prefix: 0)
        #expect(isClose(distance(attention(196) { _, _ in 1 }, square), 116.492227, 1e-6))
        #expect(isClose(AttentionDistance.uniform(square), 116.492227, 5e-7))
        #expect(isClose(AttentionDistance.uniform(square) * 196 / 195, 117.089623, 5e-7))
        #expect(distance(attention(196) { $0 == $1 ? 1 : 0 }, square) < 1e-20)
        #expect(isClose(distance(neighbourhood(14), square), 16.698065, 1e-6))
        #expect(isClose(distance(attention(196) { $1 == 0 ? 1 : 0 }, square), 161.030167, 1e-6))
        #expect(
            isClose(distance(attention(196) { $0 + $1 == 195 ? 1 : 0 }, layout(14, 14, prefix: 0)), 2 * reach(14), 1e-4)
        )
    }

    /// The mean distance to the centre of a grid, which point reflection doubles.
    private func reach(_ side: Int) -> Double {
        let half = Double(side - 1) / 2
        var sum = 0.0
        for row in 0..<side {
            for col in 0..<side {
                sum += ((Double(row) - half) * (Double(row) - half) + (Double(col) - half) * (Double(col) - half))
                    .squareRoot()
            }
        }
        return 16 * sum / Double(side * side)
    }

    @Test func smallFixture() {
        let values = AttentionDistance(layout: layout(2, 2)).values(sineAttention(heads: 2, tokens: 5), pool: pool)
        #expect(isClose(values.values, [14.835048, 15.000588], 1e-6))
        #expect(isClose(values.imageMeans, [14.917818], 1e-6))
    }

    @Test func agreesWithNumPy() throws {
        for item in try Fixture.load().attention {
            let maps = try Fixture.tensor(item.attention)
            let values = AttentionDistance(layout: item.layout).values(maps, pool: pool)
            #expect(isClose(values.values, item.distance.flatMap(\.self), 1e-5), "\(item.name)")
        }
    }

    /// A row whose weight is all on prefix tokens counts as uniform, and is counted.
    @Test func emptyRowIsUniform() {
        let layout = layout(1, 3)
        let maps = Tensor(shape: [1, 1, 4, 4], [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0.5, 0, 0, 0.5])
        let values = AttentionMetrics(Set(AttentionMetric.allCases), layout: layout).values(maps, pool: pool)
        #expect(values.emptyRows == 1)
        // The first patch looks at all three alike, 16 px on average; the others at themselves.
        #expect(isClose(values.distance?[0, 0] ?? .nan, 16.0 / 3, 1e-6))
        #expect(isClose(values.entropy?[0, 0] ?? .nan, 1.0986122886681098 / 3, 1e-9))
    }

    /// The queries may be the patches alone, as a selection gives them.
    @Test func patchQueriesAlone() {
        var noise = Noise(1)
        let layout = layout(3, 4, prefix: 2)
        let whole = noise.attention(2, 3, 14)
        let rows = whole.selectingQueries(Array(layout.patches))
        let metrics = AttentionMetrics(Set(AttentionMetric.allCases), layout: layout)
        let (a, b) = (metrics.values(whole, pool: pool), metrics.values(rows, pool: pool))
        for metric in AttentionMetric.allCases { #expect(a[metric] == b[metric]) }
    }

    @Test func uniformOfRectangles() {
        #expect(AttentionDistance.uniform(layout(1, 1)) == 0)
        #expect(isClose(AttentionDistance.uniform(layout(1, 2)), 8, 1e-12))
        #expect(isClose(AttentionDistance.uniform(layout(1, 3, patchSize: 9)), 8, 1e-12))
        let wide = layout(3, 7, prefix: 0, patchSize: 14)
        #expect(isClose(distance(attention(21) { _, _ in 1 }, wide), AttentionDistance.uniform(wide), 1e-5))
    }

    /// Threads change no bit.
    @Test func threadsChangeNothing() {
        var noise = Noise(2)
        let maps = noise.attention(2, 3, 17)
        let metrics = AttentionMetrics(Set(AttentionMetric.allCases), layout: layout(4, 4))
        let (a, b) = (metrics.values(maps, pool: pool), metrics.values(maps, pool: makePool(threads: 1)))
        for metric in AttentionMetric.allCases { #expect(a[metric] == b[metric]) }
    }
}

/// Every token uniform over its 3×3 neighbourhood, clipped at the borders.
func neighbourhood(_ side: Int) -> Tensor {
    attention(side * side) { query, key in
        abs(query / side - key / side) <= 1 && abs(query % side - key % side) <= 1 ? 1 : 0
    }
}
