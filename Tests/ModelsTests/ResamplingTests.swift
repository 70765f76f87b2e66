import Foundation
import Models
import Tensors
import Testing

/// Against PyTorch and SciPy; the numbers are of double precision and come from `Tests/Fixtures/models`' libraries.
@Suite struct ResamplingTests {
    /// `column` down the rows, the same in every column of `width`.
    private func grid(_ column: [Float], width: Int = 4) -> Tensor {
        Tensor(shape: [column.count, width, 1], column.flatMap { [Float](repeating: $0, count: width) })
    }

    /// The first column after resampling, rows to `rows`, columns kept.
    private func column(_ numbers: [Float], _ way: GridResampling, to rows: Int) -> [Float] {
        let result = way.apply(to: grid(numbers), size: GridSize(rows: rows, cols: 4))
        #expect(result.shape == [rows, 4, 1])
        // Rows differ, columns must not.
        for row in 0..<rows { for col in 1..<4 { #expect(abs(result[row, col, 0] - result[row, 0, 0]) < 1e-5) } }
        return (0..<rows).map { result[$0, 0, 0] }
    }

    private func expect(_ found: [Float], _ wanted: [Float], within tolerance: Float = 2e-6) {
        #expect(found.count == wanted.count)
        for (a, b) in zip(found, wanted) { #expect(abs(a - b) < tolerance, "\(found) is not \(wanted)") }
    }

    @Test func bicubicToSize() {
        expect(
            column([0, 1, 4, 9], .bicubic, to: 6),
            [-0.0868056, 0.21875, 1.4305556, 3.1527778, 6.78125, 9.4340278])
    }

    @Test func bicubicByFactorWithOffset() {
        // The columns go by (4 + 0.1) / 4 too, but are constant.
        expect(
            column([0, 1, 4, 9], .bicubicOffset(0.1), to: 6),
            [-0.0884797, 0.2098233, 1.3678992, 2.9966258, 6.5295833, 9.3189687])
    }

    @Test func antialiasedUp() {
        expect(
            column([0, 1, 4, 9], .bicubicAntialiased, to: 6),
            [-0.0657895, 0.2941176, 1.3611111, 3.3611111, 6.8235294, 9.3289474])
    }

    @Test func antialiasedDown() {
        expect(
            column([0, 1, 4, 9, 16, 25], .bicubicAntialiased, to: 4), [0.1585761, 2.9770291, 10.8866769, 22.2783172])
    }

    @Test(arguments: [
        GridResampling.bicubic, .bicubicAntialiased,
    ])
    func sameSizeKeepsEveryNumber(way: GridResampling) {
        let numbers: [Float] = [3, -1, 4, 1, -5]
        expect(
            (0..<5).map { way.apply(to: grid(numbers), size: GridSize(rows: 5, cols: 4))[$0, 0, 0] }, numbers,
            within: 1e-6)
    }

    @Test func rowsAndColumnsAreIndependent() {
        let numbers = (0..<30).map { Float(($0 * 7919) % 31) }
        let grid = Tensor(shape: [3, 5, 2], numbers)
        let once = GridResampling.bicubicAntialiased.apply(to: grid, size: GridSize(rows: 6, cols: 2))
        #expect(once.shape == [6, 2, 2])
        let tall = GridResampling.bicubicAntialiased.apply(to: grid, size: GridSize(rows: 6, cols: 5))
        let both = GridResampling.bicubicAntialiased.apply(to: tall, size: GridSize(rows: 6, cols: 2))
        for (a, b) in zip(once.array, both.array) { #expect(abs(a - b) < 1e-4) }
    }
}

@Suite struct RelativeTableResamplingTests {
    @Test func geometricPlaces() {
        #expect(abs(RelativeTableResampling.ratio(source: 27, target: 47) - 1.0903074) < 1e-7)
        let places = RelativeTableResampling.geometricPlaces(source: 27, target: 47)
        #expect(places.count == 27)
        #expect(abs(places[26] - 22.999934) < 1e-6)
        #expect(places[13] == 0 && places[14] == 1 && places[12] == -1)
        // Towards a smaller grid the ratio ends at its lower bound.
        #expect(abs(RelativeTableResampling.ratio(source: 27, target: 13) - 1.01) < 1e-6)
    }

    @Test func splineOfTheLargerGrid() {
        let side = 27
        var numbers: [Float] = []
        for row in 0..<side {
            for col in 0..<side {
                let (r, c) = (Double(row), Double(col))
                let value: Double = sin(0.3 * r) + cos(0.2 * c) + 0.01 * r * c
                numbers.append(Float(value))
            }
        }
        let table = Tensor(shape: [side * side + 3, 1], numbers + [7, 8, 9])
        let resized = RelativeTableResampling.geometricSpline.apply(
            to: table, from: GridSize(rows: 14, cols: 14), to: GridSize(rows: 24, cols: 24))
        #expect(resized.shape == [47 * 47 + 3, 1])
        let at = { (row: Int, col: Int) in resized[row * 47 + col, 0] }
        #expect(abs(at(0, 0) - 1) < 1e-6)
        #expect(abs(at(0, 20) - -0.4570331) < 1e-6)
        #expect(abs(at(20, 5) - 1.1944223) < 1e-6)
        #expect(abs(at(23, 23) - 0.1453451) < 1e-6)
        #expect(abs(at(46, 46) - 8.2270600) < 2e-6)
        // The class token's three rows are copied.
        #expect(Array(resized.array.suffix(3)) == [7, 8, 9])
    }

    @Test(arguments: [
        RelativeTableResampling.geometricSpline, .geometricLinear, .bilinear,
    ])
    func constantsStayAndExtentsMayDiffer(way: RelativeTableResampling) {
        let old = GridSize(rows: 4, cols: 4), new = GridSize(rows: 6, cols: 3)
        let table = Tensor(shape: [7 * 7 + 3, 2], (0..<52).flatMap { [$0 < 49 ? Float(2.5) : Float($0), -1] })
        let resized = way.apply(to: table, from: old, to: new)
        #expect(resized.shape == [11 * 5 + 3, 2])
        for row in 0..<55 {
            #expect(abs(resized[row, 0] - 2.5) < 1e-5)
            #expect(abs(resized[row, 1] - -1) < 1e-5)
        }
        #expect((55..<58).map { resized[$0, 0] } == [49, 50, 51])
    }

    @Test func smallGrids() {
        // Three and one places have no cubic through them.
        for old in [1, 2] {
            let side = 2 * old - 1
            let table = Tensor(shape: [side * side + 3, 1], (0..<side * side + 3).map(Float.init))
            let resized = RelativeTableResampling.geometricSpline.apply(
                to: table, from: GridSize(rows: old, cols: old), to: GridSize(rows: 3, cols: 3))
            #expect(resized.shape == [28, 1] && resized.isFinite)
        }
    }
}

@Suite struct CubicSplineTests {
    @Test func cubicsAreExact() {
        let places = [-2.0, -1.5, 0, 0.25, 2, 3.5]
        let cubic = { (x: Double) in 2 - x + 0.5 * x * x - 0.75 * x * x * x }
        let spline = CubicSpline(places: places, values: places.map(cubic))
        for x in stride(from: -2, through: 3.5, by: 0.125) { #expect(abs(spline(x) - cubic(x)) < 1e-12) }
    }

    @Test func endsAreClamped() {
        let spline = CubicSpline(places: [0, 1, 2, 4, 5], values: [1, 3, 2, 5, 4])
        #expect(spline(-10) == 1)
        #expect(spline(10) == 4)
        for (place, value) in zip([0.0, 1, 2, 4, 5], [1.0, 3, 2, 5, 4]) { #expect(abs(spline(place) - value) < 1e-12) }
    }

    @Test func threePlacesMakeAParabola() {
        let spline = CubicSpline(places: [0, 1, 3], values: [0, 1, 9])
        for x in stride(from: 0.0, through: 3, by: 0.25) { #expect(abs(spline(x) - x * x) < 1e-12) }
    }
}
