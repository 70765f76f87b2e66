import Analysis
import Models
import Platform
import Tensors
import Testing

@Suite struct TokenFeaturesTests {
    let pool = makePool()
    let hidden = Tensor(shape: [2, 4, 2], (0..<16).map { Float($0 * $0) })

    @Test func whatStandsForAnImage() throws {
        let grid = layout(1, 2, prefix: 2)
        let cls = try TokenFeatures.cls.features(hidden, layout: grid, pool: pool)
        #expect(cls == DoubleMatrix(rows: 2, cols: 2, [0, 1, 64, 81]))
        let mean = try TokenFeatures.patchMean.features(hidden, layout: grid, pool: pool)
        #expect(mean == DoubleMatrix(rows: 2, cols: 2, [26, 37, 170, 197]))
        let patches = try TokenFeatures.patches.features(hidden, layout: grid, pool: pool)
        #expect(patches == DoubleMatrix(rows: 4, cols: 2, [16, 25, 36, 49, 144, 169, 196, 225]))
        #expect(TokenFeatures.patches.samples(grid) == 2 && TokenFeatures.cls.samples(grid) == 1)
    }

    @Test func noClassToken() {
        let grid = layout(1, 4, prefix: 0)
        #expect(throws: AnalysisError.noClassToken) {
            try TokenFeatures.cls.features(hidden, layout: grid, pool: pool)
        }
        #expect(throws: Never.self) { try TokenFeatures.patchMean.check(grid) }
    }
}
