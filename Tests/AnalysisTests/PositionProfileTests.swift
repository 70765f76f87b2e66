import Analysis
import Foundation
import Models
import Tensors
import TestSupport
import Testing

@Suite struct PositionProfileTests {
    let pool = makePool()

    @Test func twoByThreeByHand() {
        let profile = PositionProfile(grid: GridSize(rows: 2, cols: 3))
        // 0, 1 (beside, above, and √2 rounded), 2 (two columns, and √5 rounded).
        #expect(profile.count == 3)
        let ones = (0..<36).map { $0 / 6 == $0 % 6 ? 1.0 : 0 }
        #expect(profile.byDistance(ones) == [1, 0, 0])
        // Of all pairs the number is the distance between columns.
        var columns: [Double] = []
        for a in 0..<6 { for b in 0..<6 { columns.append(Double(abs(a % 3 - b % 3))) } }
        // At distance 1: 8 pairs a column apart in a row, 6 in a column, 8 diagonal ones.
        let expected: [Double] = [0, 16.0 / 22, 2]
        for (mean, wanted) in zip(profile.byDistance(columns), expected) { #expect(abs(mean - wanted) < 1e-12) }
    }

    @Test func cosinesByHand() {
        let profile = PositionProfile(grid: GridSize(rows: 1, cols: 3))
        let positions = Tensor(shape: [3, 2], [1, 0, 3, 4, 5, 0])
        for (cosine, wanted) in zip(
            profile.cosines(positions, isCentred: false, pool: pool), [1, 0.6, 1, 0.6, 1, 0.6, 1, 0.6, 1])
        {
            #expect(abs(cosine - wanted) < 1e-12)
        }
        // Of one axis alone, centred: −2, 0 and 2, and 0 has no direction.
        let line = profile.cosines(Tensor(shape: [3, 1], [1, 3, 5]), isCentred: true, pool: pool)
        #expect(line[0] == 1 && line[2] == -1 && line[1].isNaN && line[4].isNaN)
        let same = profile.cosines(Tensor(shape: [3, 1], [2, 2, 2]), isCentred: true, pool: pool)
        #expect(same.everyOne { $0.isNaN })
    }

    @Test func biasesLeavePrefixTokensOut() {
        let profile = PositionProfile(grid: GridSize(rows: 1, cols: 2))
        let bias = Tensor(shape: [2, 3, 3], (0..<18).map { Float($0) })
        #expect(profile.biases(bias) == [[4, 5, 7, 8], [13, 14, 16, 17]])
    }

    /// Matrices that NumPy made whole and multiplied.
    @Test func turningLeavesTheTrace() throws {
        struct Fixture: Decodable {
            let grid: [Int]
            let width, heads: Int
            let cosines, sines: [Float]
            let byDistance: [Double]

            private enum CodingKeys: String, CodingKey {
                case grid, width, heads, cosines, sines
                case byDistance = "by_distance"
            }
        }
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/analysis/rotary_turning.json")
        let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
        let profile = PositionProfile(grid: GridSize(rows: fixture.grid[0], cols: fixture.grid[1]))
        let shape = [fixture.heads, profile.grid.count, fixture.width]
        let tables = RotaryTables(
            cosines: Tensor(shape: shape, fixture.cosines), sines: Tensor(shape: shape, fixture.sines),
            pairsHalves: false, prefix: 1)
        let found = profile.turning(tables, pool: pool).flatMap { profile.byDistance($0) }
        #expect(found.count == fixture.byDistance.count)
        for (number, wanted) in zip(found, fixture.byDistance) { #expect(abs(number - wanted) < 1e-6) }
    }
}
