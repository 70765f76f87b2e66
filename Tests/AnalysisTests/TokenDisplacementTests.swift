import Analysis
import Tensors
import Testing

@Suite struct TokenDisplacementTests {
    private func matrix(_ values: [Double]) -> DoubleMatrix { DoubleMatrix(rows: values.count / 2, cols: 2, values) }

    @Test func oneStepForAllIsUnison() {
        let before = matrix([0, 0, 1, 0, 5, 7])
        let found = TokenDisplacement(before: before, after: matrix([3, 4, 4, 4, 8, 11]))
        #expect(abs(found.unison - 1) < 1e-12 && abs(found.cosine - 1) < 1e-12 && abs(found.length - 5) < 1e-12)
    }

    @Test func stepsByHand() {
        // Steps (1, 0), (0, 2), (-1, 0): mean (0, 2/3), mean length 4/3; cosines 0, -1, 0.
        let found = TokenDisplacement(before: matrix([0, 0, 0, 0, 0, 0]), after: matrix([1, 0, 0, 2, -1, 0]))
        #expect(abs(found.unison - 0.5) < 1e-12 && abs(found.cosine + 1.0 / 3) < 1e-12)
        #expect(abs(found.length - 4.0 / 3) < 1e-12)
        let still = TokenDisplacement(before: matrix([1, 2, 3, 4]), after: matrix([1, 2, 3, 4]))
        #expect(still.unison.isNaN && still.length == 0 && still.cosine == 0)
    }

    /// Distances in the plane are distances, where all lies in a plane.
    @Test func cloudsShareTheirAxes() throws {
        let before = matrix([0, 0, 4, 0, 1, 3]), after = matrix([2, 1, 6, 1, 3, 4])
        let found = try #require(TokenDisplacement.clouds(before: before, after: after, dimensions: 2))
        for token in 0..<3 {
            let x = found.after[token, 0] - found.before[token, 0], y = found.after[token, 1] - found.before[token, 1]
            #expect(abs((x * x + y * y) - 5) < 1e-9)
        }
    }
}
