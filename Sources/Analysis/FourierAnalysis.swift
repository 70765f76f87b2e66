public import Models
public import Platform
public import Tensors

/// How much high frequency a representation holds: log amplitudes of the tokens' 2-D Fourier transform along the half
/// diagonal, relative to frequency 0.
///
/// Park and Kim, "How Do Vision Transformers Work?" (ICLR 2022), and Park et al. (ICLR 2023), figures 8 and 11. On a
/// grid that is not square the diagonal goes one frequency up on each axis at a time, as far as both have one.
public struct FourierAnalysis: Sendable {
    public let grid: GridSize
    public let convention: Convention
    private let transform: FourierTransform

    /// - Parameter convention: concerns `frequencyPi` alone.
    public init(grid: GridSize, convention: Convention = .corrected) {
        self.grid = grid
        self.convention = convention
        transform = FourierTransform(gridRows: grid.rows, gridCols: grid.cols)
    }

    /// How many frequencies there are: half of the shorter side, rounded up. Nyquist of an even side is not among them.
    public var frequencyCount: Int { transform.diagonalCount }

    /// The frequencies in units of π.
    ///
    /// Corrected, frequency u is 2u / side: what the transform holds; on a grid that is not square the root mean square
    /// of both axes. The reference axis runs evenly from 0 to 1, although the last frequency of a 14×14 grid is 6/7 π.
    public var frequencyPi: [Double] {
        (0..<frequencyCount).map { u in
            switch convention {
            case .reference: frequencyCount > 1 ? Double(u) / Double(frequencyCount - 1) : 0
            case .corrected:
                if grid.rows == grid.cols { 2 * Double(u) / Double(grid.rows) } else { Self.rootMeanSquare(u, grid) }
            }
        }
    }

    private static func rootMeanSquare(_ u: Int, _ grid: GridSize) -> Double {
        let (y, x) = (2 * Double(u) / Double(grid.rows), 2 * Double(u) / Double(grid.cols))
        return ((y * y + x * x) / 2).squareRoot()
    }

    /// Natural log amplitudes relative to frequency 0, mean over channels, an image a row: (batch, `frequencyCount`).
    /// The last column is the high-frequency component.
    ///
    /// - Parameters:
    ///   - tokens: (batch, tokens, embedDim), prefix tokens included.
    ///   - numPrefixTokens: left out.
    public func relativeLogAmplitude(_ tokens: Tensor, numPrefixTokens: Int, pool: ThreadPool) -> DoubleMatrix {
        let diagonal = transform.diagonal(tokens, numPrefixTokens: numPrefixTokens, pool: pool)
        let values = diagonal.values.indices.map { index in
            diagonal.values[index] - diagonal.values[index / diagonal.cols * diagonal.cols]
        }
        return DoubleMatrix(rows: diagonal.rows, cols: diagonal.cols, values)
    }

    /// Natural log amplitudes at every frequency, mean over channels, an image a row, with frequency 0 at
    /// (rows / 2, cols / 2) rounded down: (batch, rows · cols).
    public func logAmplitudeMap(_ tokens: Tensor, numPrefixTokens: Int, pool: ThreadPool) -> DoubleMatrix {
        transform.map(tokens, numPrefixTokens: numPrefixTokens, pool: pool)
    }
}
