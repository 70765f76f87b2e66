import CKernels
import Glibc
public import Platform

/// Fourier transforms of token grids of one size: logarithms of amplitudes, averaged over channels.
///
/// Every amplitude has 1e-6 added before the natural logarithm, and the transform is not normalized.
public struct FourierTransform: Sendable {
    public let gridRows: Int
    public let gridCols: Int
    /// For each token the turn of frequency (u, u), in units of u / `circle` of a circle.
    private let fold: [Int32]
    private let circle: Int
    private let tables: (diagonal: Table, rows: Table, cols: Table)

    /// Cosine and sine of k / size of a circle.
    private struct Table: Sendable {
        let cosine: [Double]
        let sine: [Double]

        init(_ size: Int) {
            let angles = (0..<size).map { 2 * Double.pi * Double($0) / Double(size) }
            cosine = angles.map { cos($0) }
            sine = angles.map { sin($0) }
        }
    }

    public init(gridRows: Int, gridCols: Int) {
        precondition(gridRows > 0 && gridCols > 0, "an empty grid has no frequencies")
        self.gridRows = gridRows
        self.gridCols = gridCols
        // Token (y, x) turns by u · (y / rows + x / cols): a multiple of u over the least common multiple.
        var (a, b) = (gridRows, gridCols)
        while b != 0 { (a, b) = (b, a % b) }
        let circle = gridRows / a * gridCols
        self.circle = circle
        fold = (0..<gridRows * gridCols).map { token in
            Int32((token / gridCols * (circle / gridRows) + token % gridCols * (circle / gridCols)) % circle)
        }
        tables = (Table(circle), Table(gridRows), Table(gridCols))
    }

    /// Frequencies (u, u) from 0 up to, not including, Nyquist of an even side: half of the shorter side, rounded up.
    public var diagonalCount: Int { (min(gridRows, gridCols) + 1) / 2 }

    /// ln(|F(u, u)| + 1e-6), mean over channels: (batch, `diagonalCount`).
    ///
    /// - Parameters:
    ///   - tokens: (batch, tokens, embedDim).
    ///   - prefix: tokens before those of the grid, left out.
    public func diagonal(_ tokens: Tensor, numPrefixTokens prefix: Int, pool: ThreadPool) -> DoubleMatrix {
        let count = diagonalCount, room = (circle + 2) * Int(FOURIER_BLOCK)
        return transform(tokens, prefix: prefix, results: count, room: room, pool: pool) { target, scratch, x in
            fourier_diagonal(
                target, scratch, x, fold, tables.diagonal.cosine, tables.diagonal.sine, fold.count, tokens.shape[2],
                circle, count)
        }
    }

    /// ln(|F| + 1e-6) at every frequency, mean over channels, frequency 0 at (rows / 2, cols / 2) rounded down:
    /// (batch, rows · cols).
    public func map(_ tokens: Tensor, numPrefixTokens prefix: Int, pool: ThreadPool) -> DoubleMatrix {
        let count = gridRows * gridCols
        let room = (gridRows * (gridCols / 2 + 1) + 1) * 2 * Int(FOURIER_BLOCK)
        let plain = transform(tokens, prefix: prefix, results: count, room: room, pool: pool) { target, scratch, x in
            fourier_map(
                target, scratch, x, tables.rows.cosine, tables.rows.sine, tables.cols.cosine, tables.cols.sine,
                gridRows, gridCols, tokens.shape[2])
        }
        return DoubleMatrix(rows: plain.rows, cols: count) { target in
            for image in 0..<plain.rows {
                for y in 0..<gridRows {
                    for x in 0..<gridCols {
                        let row = (y + gridRows / 2) % gridRows, col = (x + gridCols / 2) % gridCols
                        target[image * count + row * gridCols + col] = plain.values[image * count + y * gridCols + x]
                    }
                }
            }
        }
    }

    private func transform(
        _ tokens: Tensor, prefix: Int, results: Int, room: Int, pool: ThreadPool,
        _ body: (UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>, UnsafePointer<Float>) -> Void
    ) -> DoubleMatrix {
        precondition(
            tokens.shape.count == 3 && prefix >= 0 && tokens.shape[1] == prefix + fold.count,
            "\(tokens.shape) is no \(gridRows)×\(gridCols) grid after \(prefix) tokens")
        let (batch, width) = (tokens.shape[0], tokens.shape[2])
        guard width > 0 else { return .zeros(rows: batch, cols: results) }
        var scratch = [Double](repeating: 0, count: room * pool.threads)
        return DoubleMatrix(rows: batch, cols: results) { target in
            scratch.withUnsafeMutableBufferPointer { scratch in
                tokens.withUnsafeBufferPointer { source in
                    guard let scratch = scratch.baseAddress, let source = source.baseAddress else { return }
                    pool.parallelFor(batch) { image, thread in
                        body(
                            target + image * results, scratch + thread * room,
                            source + (image * tokens.shape[1] + prefix) * width)
                    }
                }
            }
        }
    }
}
