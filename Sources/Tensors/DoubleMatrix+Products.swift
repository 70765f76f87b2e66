import CKernels
import COpenBLAS
public import Platform

/// OpenBLAS multiplies, one thread for each part of a product that the pool hands out. How a product is split depends
/// on its extents alone, so numbers repeat bit for bit whatever the number of threads.
extension DoubleMatrix {
    /// Rows of a product that one thread makes at a time: many enough for OpenBLAS to reach its speed, few enough for
    /// the threads to finish together.
    private static func block(of rows: Int) -> Int { rows >= 512 ? 128 : 64 }
    /// Numbers in a result that counts as small beside a long sum.
    private static let small = 4096
    /// Terms of a long sum that are added up before the partial sums are.
    private static let chunk = 65_536

    /// self (m, k) · other (k, n): (m, n).
    public func product(_ other: DoubleMatrix, pool: ThreadPool) -> DoubleMatrix {
        precondition(cols == other.rows, "\(rows)×\(cols) does not multiply with \(other.rows)×\(other.cols)")
        guard cols > 0 else { return .zeros(rows: rows, cols: other.cols) }
        return DoubleMatrix(rows: rows, cols: other.cols) { target in
            withFactors(other) { a, b in
                Self.eachBlock(of: rows, pool: pool) { range, _ in
                    Product(m: range.count, n: other.cols, k: cols).run(
                        target + range.lowerBound * other.cols, a + range.lowerBound * cols, b,
                        strides: (other.cols, cols, other.cols))
                }
            }
        }
    }

    /// self (m, k) · otherᵀ, other (n, k): (m, n). Small results of long sums are split along the sum.
    public func productTransposed(_ other: DoubleMatrix, pool: ThreadPool) -> DoubleMatrix {
        precondition(cols == other.cols, "\(rows)×\(cols) and \(other.rows)×\(other.cols) differ in width")
        guard cols > 0 else { return .zeros(rows: rows, cols: other.rows) }
        let size = rows * other.rows
        guard size <= Self.small, cols > Self.chunk else {
            return DoubleMatrix(rows: rows, cols: other.rows) { target in
                withFactors(other) { a, b in
                    Self.eachBlock(of: rows, pool: pool) { range, _ in
                        Product(m: range.count, n: other.rows, k: cols, transposesB: true).run(
                            target + range.lowerBound * other.rows, a + range.lowerBound * cols, b,
                            strides: (other.rows, cols, cols))
                    }
                }
            }
        }
        let chunks = (cols + Self.chunk - 1) / Self.chunk
        let partial = DoubleMatrix(rows: chunks, cols: size) { target in
            withFactors(other) { a, b in
                pool.parallelFor(chunks) { index, _ in
                    let start = index * Self.chunk
                    Product(m: rows, n: other.rows, k: min(Self.chunk, cols - start), transposesB: true).run(
                        target + index * size, a + start, b + start, strides: (other.rows, cols, cols))
                }
            }
        }
        var sums = [Double](repeating: 0, count: size)
        for index in 0..<chunks { for cell in 0..<size { sums[cell] += partial.values[index * size + cell] } }
        return DoubleMatrix(rows: rows, cols: other.rows, sums)
    }

    /// self · selfᵀ, exactly symmetric: (rows, rows).
    public func gram(pool: ThreadPool) -> DoubleMatrix {
        guard cols > 0 else { return .zeros(rows: rows, cols: rows) }
        return DoubleMatrix(rows: rows, cols: rows) { target in
            withFactors(self) { a, b in
                Self.eachBlock(of: rows, pool: pool) { range, _ in
                    let start = range.lowerBound
                    Product(m: range.count, n: rows - start, k: cols, transposesB: true).run(
                        target + start * rows + start, a + start * cols, b + start * cols, strides: (rows, cols, cols))
                }
            }
            for row in 0..<rows { for col in 0..<row { target[row * rows + col] = target[col * rows + row] } }
        }
    }

    /// The sum of the squares of selfᵀ · other, which is never kept: self (n, p), other (n, q).
    public func crossSquaredNorm(_ other: DoubleMatrix, pool: ThreadPool) -> Double {
        precondition(rows == other.rows, "\(rows) and \(other.rows) samples")
        guard !values.isEmpty, !other.values.isEmpty else { return 0 }
        return sumOfBlocks(width: other.cols, pool: pool) { range, scratch in
            withFactors(other) { a, b in
                Product(m: range.count, n: other.cols, k: rows, transposesA: true).run(
                    scratch, a + range.lowerBound, b, strides: (other.cols, cols, other.cols))
            }
            return sum_of_squares(scratch, range.count * other.cols)
        }
    }

    /// The sum of the squares of selfᵀ · self, from its upper triangle.
    public func covarianceSquaredNorm(pool: ThreadPool) -> Double {
        guard !values.isEmpty else { return 0 }
        return sumOfBlocks(width: cols, pool: pool) { range, scratch in
            let start = range.lowerBound, width = cols - start
            withFactors(self) { a, b in
                Product(m: range.count, n: width, k: rows, transposesA: true).run(
                    scratch, a + start, b + start, strides: (width, cols, cols))
            }
            var sum = 0.0
            for row in 0..<range.count {
                let line = scratch + row * width
                sum += sum_of_squares(line, range.count)
                sum += 2 * sum_of_squares(line + range.count, width - range.count)
            }
            return sum
        }
    }

    static func zeros(rows: Int, cols: Int) -> DoubleMatrix {
        DoubleMatrix(rows: rows, cols: cols, [Double](repeating: 0, count: rows * cols))
    }

    /// Calls `body` with the numbers of this and `other`, where neither is empty.
    private func withFactors(
        _ other: DoubleMatrix, _ body: (UnsafePointer<Double>, UnsafePointer<Double>) -> Void
    ) {
        openblas_set_num_threads(1)
        values.withUnsafeBufferPointer { a in
            other.values.withUnsafeBufferPointer { b in
                if let a = a.baseAddress, let b = b.baseAddress { body(a, b) }
            }
        }
    }

    /// Calls `body` with each block of `count` columns and room for block × width numbers, and adds up what it returns.
    private func sumOfBlocks(
        width: Int, pool: ThreadPool, _ body: (Range<Int>, UnsafeMutablePointer<Double>) -> Double
    ) -> Double {
        let block = Self.block(of: cols)
        let blocks = (cols + block - 1) / block, room = block * width
        var scratch = [Double](repeating: 0, count: room * pool.threads)
        var sums = [Double](repeating: 0, count: blocks)
        scratch.withUnsafeMutableBufferPointer { scratch in
            sums.withUnsafeMutableBufferPointer { sums in
                guard let scratch = scratch.baseAddress else { return }
                Self.eachBlock(of: cols, pool: pool) { range, thread in
                    sums[range.lowerBound / block] = body(range, scratch + thread * room)
                }
            }
        }
        return sums.reduce(0, +)
    }

    private static func eachBlock(of count: Int, pool: ThreadPool, _ body: (Range<Int>, _ thread: Int) -> Void) {
        let block = block(of: count)
        pool.parallelFor((count + block - 1) / block) { index, thread in
            body(index * block..<min((index + 1) * block, count), thread)
        }
    }
}

/// One product of OpenBLAS: target (m, n) = a (m, k) · b (k, n), either of them transposed in memory.
private struct Product {
    let m: Int
    let n: Int
    let k: Int
    var transposesA = false
    var transposesB = false

    func run(
        _ target: UnsafeMutablePointer<Double>, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
        strides: (target: Int, a: Int, b: Int)
    ) {
        cblas_dgemm(
            CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans, transposesB ? CblasTrans : CblasNoTrans, Int32(m),
            Int32(n), Int32(k), 1, a, Int32(strides.a), b, Int32(strides.b), 0, target, Int32(strides.target))
    }
}
