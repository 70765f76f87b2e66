import Glibc
import Models
import Platform
import Tensors
import TestSupport
import Testing

/// Rotary positions against values by hand, for heads of eight numbers.
@Suite struct RotaryEmbeddingTests {
    private let grid = GridSize(rows: 2, cols: 3)

    private func expect(_ found: [Float], patch: Int, _ expected: [Double]) {
        let row = Array(found[patch * 8..<(patch + 1) * 8])
        #expect(zip(row, expected).everyOne { abs(Double($0) - $1) < 1e-6 }, "\(row) is not \(expected)")
    }

    /// Two frequencies an axis: 1 and 1/10 of base 100.
    @Test func dinov3() {
        let angles = RotaryEmbedding.dinov3.angles(grid, headDim: 8)
        // Row 1 of 2 is at 2 · 1.5/2 − 1 = ½, column 0 of 3 at 2 · 0.5/3 − 1 = −2/3.
        let (y, x) = (Double.pi, -4 * Double.pi / 3)
        expect(angles, patch: 3, [y, y / 10, x, x / 10, y, y / 10, x, x / 10])
    }

    /// 1 and 1/100 of base 10000, in steps of a grid of 16×16.
    @Test func eva02() {
        let angles = RotaryEmbedding.eva02.angles(grid, headDim: 8)
        let (y, x) = (8.0, 32.0 / 3)
        expect(angles, patch: 5, [y, y, y / 100, y / 100, x, x, x / 100, x / 100])
    }

    @Test func perceptionEncoderCountsColumnsFirst() {
        var rope = RotaryEmbedding.perceptionEncoder
        rope.offset = 1
        let angles = rope.angles(grid, headDim: 8)
        expect(angles, patch: 5, [3, 3, 0.03, 0.03, 2, 2, 0.02, 0.02])
    }

    /// Eight numbers are two an axis, the first for time; the last two are not turned. A pair has two angles only where an
    /// axis has four numbers or more.
    @Test func vjepa2() {
        expect(RotaryEmbedding.vjepa2.angles(grid, headDim: 8), patch: 5, [0, 0, 1, 1, 2, 2, 0, 0])
        let wide = RotaryEmbedding.vjepa2.angles(grid, headDim: 12)
        let row = Array(wide[5 * 12..<6 * 12])
        #expect(zip(row, [0, 0, 0, 0, 1, 0.01, 1, 0.01, 2, 0.02, 2, 0.02] as [Float]).everyOne { abs($0 - $1) < 1e-6 })
    }

    @Test(arguments: [false, true])
    func queriesAndKeysAreTurnedAndValuesAreNot(halves: Bool) {
        let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }
        let angle = Float.pi / 6
        let rotation = RotaryTables(
            cosines: Tensor(shape: [1, 1, 4], repeating: cosf(angle)),
            sines: Tensor(shape: [1, 1, 4], repeating: sinf(angle)),
            pairsHalves: halves, prefix: 1)
        let row: [Float] = [1, 2, 3, 4]
        var qkv = Tensor(shape: [1, 2, 12], row + row + row + row + row + row)
        rotation.apply(to: &qkv, numHeads: 1, pool: pool)
        let (c, s) = (cosf(angle), sinf(angle))
        let turned =
            halves
            ? [1 * c - 3 * s, 2 * c - 4 * s, 3 * c + 1 * s, 4 * c + 2 * s]
            : [1 * c - 2 * s, 2 * c + 1 * s, 3 * c - 4 * s, 4 * c + 3 * s]
        let expected = row + row + row + turned + turned + row
        #expect(zip(qkv.array, expected).everyOne { abs($0 - $1) < 1e-6 })
        // The way back of a turn by one angle is the turn the other way.
        rotation.applyBackward(to: &qkv, numHeads: 1, pool: pool)
        #expect(zip(qkv.array, row + row + row + row + row + row).everyOne { abs($0 - $1) < 1e-5 })
    }
}
