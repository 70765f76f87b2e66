public import Tensors

/// How self-attention moves the tokens of one image: all alike, or each on its own (Park et al. 2023, figure 6).
public struct TokenDisplacement: Sendable, Equatable {
    /// ‖mean of the steps‖ / mean of their lengths: 1 where all tokens take the same step. NaN where none moves by more
    /// than rounding (`Spread`).
    public let unison: Double
    /// The mean cosine between the steps of two tokens. NaN for a single token.
    public let cosine: Double
    /// The mean length of a step.
    public let length: Double

    /// - Parameters:
    ///   - before: the tokens that enter, (tokens, embedDim).
    ///   - after: the same tokens after attention.
    public init(before: DoubleMatrix, after: DoubleMatrix) {
        precondition(before.rows == after.rows && before.cols == after.cols && before.rows > 0, "no pairs of tokens")
        let (count, width) = (before.rows, before.cols)
        var sum = [Double](repeating: 0, count: width), directions = sum
        var lengths = 0.0, squares = 0.0, ownCosines = 0.0
        for token in 0..<count {
            var square = 0.0
            for column in 0..<width {
                let step = after[token, column] - before[token, column]
                square += step * step
            }
            let length = square.squareRoot(), scale = 1 / max(length, 1e-12)
            lengths += length
            squares += square
            ownCosines += (length * scale) * (length * scale)
            for column in 0..<width {
                let step = after[token, column] - before[token, column]
                sum[column] += step
                directions[column] += step * scale
            }
        }
        let together = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        unison = Spread.isRounding(squares, of: before.squaredNorm) ? .nan : together / lengths
        let pairs = Double(count * (count - 1))
        cosine = count > 1 ? (directions.reduce(0) { $0 + $1 * $1 } - ownCosines) / pairs : .nan
        length = lengths / Double(count)
    }

    /// Both clouds on the strongest directions of the two together: (tokens, dimensions) before and after. Nil where a
    /// number is not finite.
    public static func clouds(
        before: DoubleMatrix, after: DoubleMatrix, dimensions: Int
    ) -> (before: DoubleMatrix, after: DoubleMatrix)? {
        guard let found = PrincipalComponents(.stacking([before, after]), count: dimensions) else { return nil }
        return (
            found.coordinates.rows(0..<before.rows), found.coordinates.rows(before.rows..<before.rows + after.rows)
        )
    }
}
