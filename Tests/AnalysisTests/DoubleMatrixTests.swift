import TestSupport
import Platform
import Tensors
import Testing

@Suite struct DoubleMatrixTests {
    let pool = makePool()

    private func plainProduct(_ a: DoubleMatrix, _ b: DoubleMatrix) -> [Double] {
        (0..<a.rows * b.cols).map { cell in
            (0..<a.cols).reduce(0) { $0 + a[cell / b.cols, $1] * b[$1, cell % b.cols] }
        }
    }

    private func transposed(_ a: DoubleMatrix) -> DoubleMatrix {
        DoubleMatrix(rows: a.cols, cols: a.rows, (0..<a.cols * a.rows).map { a[$0 % a.rows, $0 / a.rows] })
    }

    /// Extents below, at and beyond what one thread takes.
    @Test(arguments: [(1, 1, 1), (3, 5, 2), (64, 7, 65), (130, 33, 70), (520, 3, 9)])
    func products(m: Int, k: Int, n: Int) {
        var noise = Noise(17)
        let a = noise.matrix(m, k), b = noise.matrix(k, n)
        #expect(isClose(a.product(b, pool: pool).values, plainProduct(a, b), 1e-12))
        #expect(isClose(a.productTransposed(transposed(b), pool: pool).values, plainProduct(a, b), 1e-12))
        #expect(isClose(a.gram(pool: pool).values, plainProduct(a, transposed(a)), 1e-12))
        let tall = transposed(a)
        let cross = plainProduct(a, transposed(a)).reduce(0) { $0 + $1 * $1 }
        #expect(isClose(tall.crossSquaredNorm(tall, pool: pool) / cross, 1, 1e-12))
        #expect(isClose(tall.covarianceSquaredNorm(pool: pool) / cross, 1, 1e-12))
    }

    /// Few rows and a sum longer than a chunk: split along the sum.
    @Test func longSums() {
        var noise = Noise(18)
        let a = noise.matrix(2, 70_000), b = noise.matrix(3, 70_000)
        let product = a.productTransposed(b, pool: pool)
        for row in 0..<2 {
            for col in 0..<3 {
                #expect(isClose(product[row, col], (0..<70_000).reduce(0) { $0 + a[row, $1] * b[col, $1] }, 1e-9))
            }
        }
    }

    @Test func nothingToMultiply() {
        let empty = DoubleMatrix(rows: 2, cols: 0, [])
        #expect(empty.gram(pool: pool).values == [0, 0, 0, 0])
        #expect(empty.product(DoubleMatrix(rows: 0, cols: 3, []), pool: pool).values.count == 6)
        #expect(empty.crossSquaredNorm(empty, pool: pool) == 0)
        #expect(DoubleMatrix(rows: 0, cols: 3, []).columnCentered().rows == 0)
    }

    @Test func centeringEqualNumbersLeavesZero() {
        let column = DoubleMatrix(rows: 7, cols: 2, (0..<14).map { $0 % 2 == 0 ? 0.1 : Double($0) })
        let centered = column.columnCentered()
        #expect((0..<7).everyOne { centered[$0, 0] == 0 })
        #expect(isClose((0..<7).reduce(0) { $0 + centered[$1, 1] }, 0, 1e-12))
    }

    /// Against sorting, with repeats: the median over all pairs, each twice, and the zeros of the diagonal.
    @Test func medianOfDistances() {
        var noise = Noise(19)
        for size in 1..<24 {
            var matrix = DoubleMatrix(rows: size, cols: size, [Double](repeating: 0, count: size * size))
            for row in 0..<size {
                for col in 0..<row {
                    let number = (abs(noise.next()) * 6).rounded(.down)
                    matrix[row, col] = number
                    matrix[col, row] = number
                }
            }
            let sorted = matrix.values.sorted(), n = sorted.count
            #expect(matrix.symmetricMedian() == (sorted[(n - 1) / 2] + sorted[n / 2]) / 2)
        }
    }

    @Test func distancesAndGaussian() {
        let points = DoubleMatrix(rows: 3, cols: 2, [0, 0, 3, 4, 0, 1])
        let distances = points.gram(pool: pool).gramDistances()
        #expect(distances.values == [0, 25, 1, 25, 0, 18, 1, 18, 0])
        let expected = [1, 0.0820849986238988, 0.9048374180359595]
        #expect(isClose(Array(distances.gaussian(scale: 0.1).values[..<3]), expected, 1e-15))
        let far = DoubleMatrix(rows: 1, cols: 3, [700, 750, 1e300]).gaussian(scale: 1)
        #expect(isClose(far.values[0] / 9.859676543759770e-305, 1, 1e-12))
        #expect(far.values[1] == 0 && far.values[2] == 0)
    }
}
