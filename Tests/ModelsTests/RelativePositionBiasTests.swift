import Models
import Testing

/// Indices as BEiT's code computes them.
@Suite struct RelativePositionBiasTests {
    @Test func fourPatches() {
        let grid = GridSize(rows: 2, cols: 2)
        #expect(RelativePositionBias.entries(grid) == 12)
        #expect(
            RelativePositionBias.index(grid) == [
                11, 9, 9, 9, 9, 10, 4, 3, 1, 0, 10, 5, 4, 2, 1, 10, 7, 6, 4, 3, 10, 8, 7, 5, 4,
            ])
    }

    @Test func fourteenByFourteen() {
        let grid = GridSize(rows: 14, cols: 14)
        let index = RelativePositionBias.index(grid)
        func entry(_ query: Int, _ key: Int) -> Int { index[query * 197 + key] }
        #expect(RelativePositionBias.entries(grid) == 732)
        #expect(entry(0, 0) == 731 && entry(0, 5) == 729 && entry(7, 0) == 730)
        #expect(entry(1, 1) == 364 && entry(1, 2) == 363 && entry(1, 3) == 362 && entry(1, 15) == 337)
        #expect(entry(196, 1) == 728 && entry(1, 196) == 0)
    }

    /// A table for a rectangle gives every offset its own row, and nothing beyond it.
    @Test func rectangles() {
        let grid = GridSize(rows: 2, cols: 3)
        let patches = (1...6).flatMap { query in (1...6).map { RelativePositionBias.index(grid)[query * 7 + $0] } }
        #expect(Set(patches) == Set(0..<15))
    }
}
