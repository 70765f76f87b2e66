import Analysis
import Tensors
import Testing

@Suite struct PrincipalComponentsTests {
    @Test func equalsScikitLearn() throws {
        let fixture = try GeometryFixture()
        let found = try #require(PrincipalComponents(GeometryFixture.second, count: 3))
        for (row, numbers) in fixture.table("pca_points").enumerated() {
            for (column, number) in numbers.enumerated() {
                #expect(abs(found.coordinates[row, column] - number) < 1e-9)
            }
        }
        for (own, other) in zip(try #require(found.explainedRatio), fixture.list("pca_ratio")) {
            #expect(abs(own - other) < 1e-12)
        }
        for (own, other) in zip(found.variances, fixture.list("pca_variances")) { #expect(abs(own - other) < 1e-12) }
        #expect(found.variances.count == 3 && fixture.table("pca_points").count == 3)
    }

    @Test func byHand() throws {
        // On the line y = x, and fewer directions than asked for.
        let found = try #require(PrincipalComponents(DoubleMatrix(rows: 3, cols: 2, [0, 0, 1, 1, 2, 2]), count: 3))
        #expect(found.variances.count == 2 && abs(found.variances[0] - 2) < 1e-12 && abs(found.variances[1]) < 1e-12)
        #expect(abs(found.components[0, 0] - 0.5.squareRoot()) < 1e-12)
        #expect(abs(found.coordinates[2, 0] - 2.0.squareRoot()) < 1e-12)
        let same = try #require(PrincipalComponents(DoubleMatrix(rows: 2, cols: 2, [3, 3, 3, 3]), count: 1))
        #expect(same.explainedRatio == nil && same.variances == [0])
    }
}
