import Foundation
public import Platform
public import Tensors

/// How many directions representations use: the singular values of their covariance (Park et al., ICLR 2023, figure 7,
/// after the first author's pseudo-code).
///
/// Values are natural logarithms, largest first; below 1e-12 they are clamped. As many as the rank can have: no more
/// than the width, nor than observations less one.
public enum SingularValues {
    /// Smaller values drown in rounding.
    public static let smallest = 1e-12

    /// Between the patches of each image, a spectrum an image; empty ones with fewer than two patches.
    ///
    /// - Parameter tokens: (batch, tokens, embedDim), prefix tokens included.
    public static func tokenSpectra(_ tokens: Tensor, numPrefixTokens: Int, pool: ThreadPool) -> [[Double]] {
        let patches = tokens.tokens(from: numPrefixTokens)
        let ranks = max(0, min(patches.shape[2], patches.shape[1] - 1))
        return (0..<patches.shape[0]).map { spectrum(DoubleMatrix(patches.part($0)), ranks: ranks, pool: pool) }
    }

    /// Between images, each the mean of its patches; empty with fewer than two images.
    ///
    /// - Parameter means: (images, embedDim), as `patchMeans` gives them.
    public static func imageLevel(_ means: DoubleMatrix, pool: ThreadPool) -> [Double] {
        spectrum(means, ranks: max(0, min(means.cols, means.rows - 1)), pool: pool)
    }

    /// The mean patch of each image, (batch, embedDim), in double precision.
    public static func patchMeans(_ tokens: Tensor, numPrefixTokens: Int) -> DoubleMatrix {
        let patches = tokens.tokens(from: numPrefixTokens)
        let (batch, count, width) = (patches.shape[0], patches.shape[1], patches.shape[2])
        var means = [Double](repeating: 0, count: batch * width)
        let span = patches.span
        for image in 0..<batch {
            for patch in 0..<count {
                for channel in 0..<width {
                    means[image * width + channel] += Double(span[(image * count + patch) * width + channel])
                }
            }
        }
        return DoubleMatrix(rows: batch, cols: width, means.map { $0 / Double(max(count, 1)) })
    }

    /// The spectrum of the covariance of `samples` (observations, variables), by the smaller of the two Gram matrices, whose nonzero
    /// eigenvalues are the same.
    private static func spectrum(_ samples: DoubleMatrix, ranks: Int, pool: ThreadPool) -> [Double] {
        guard ranks > 0 else { return [] }
        let centered = samples.columnCentered()
        let gram = centered.rows < centered.cols ? centered.gram(pool: pool) : centered.transposed().gram(pool: pool)
        guard let eigenvalues = gram.symmetricEigenvalues() else { return [Double](repeating: .nan, count: ranks) }
        if Spread.isRounding(centered.squaredNorm, of: samples.squaredNorm) { return flat(ranks) }
        let divisor = Double(samples.rows - 1)
        return eigenvalues.prefix(ranks).map { log(max($0 / divisor, smallest)) }
    }
}

extension SingularValues {
    /// Between images, from their streamed scatter; empty with fewer than two.
    public static func imageLevel(_ scatter: Scatter, pool: ThreadPool) -> [Double] {
        let ranks = max(0, min(scatter.width, scatter.count - 1))
        guard ranks > 0 else { return [] }
        guard let eigenvalues = scatter.covariance.symmetricEigenvalues() else {
            return [Double](repeating: .nan, count: ranks)
        }
        if Spread.isRounding(scatter.squaredSpread, of: scatter.squaredLength) { return flat(ranks) }
        return eigenvalues.prefix(ranks).map { log(max($0, smallest)) }
    }

    /// The spectrum of what varies by rounding alone.
    private static func flat(_ ranks: Int) -> [Double] { [Double](repeating: log(smallest), count: ranks) }

    /// Whether a spectrum is one of something that varies: not that of rounding, which is clamped from its first value
    /// on.
    public static func hasSpread(logValues: [Double]) -> Bool { (logValues.max() ?? -.infinity) > log(smallest) }

    /// How many directions count: exp of the entropy of the values as shares of their sum (Roy and Vetterli, 2007).
    /// NaN for none, for values that are not finite, and where all of them were clamped: then nothing varies, and no
    /// direction counts more than another.
    ///
    /// - Parameter logValues: natural logarithms.
    public static func effectiveRank(logValues: [Double]) -> Double {
        guard logValues.allSatisfy(\.isFinite), let largest = logValues.max(), largest > log(smallest) else {
            return .nan
        }
        let values = logValues.map { exp($0 - largest) }, sum = values.reduce(0, +)
        return exp(values.reduce(0) { $0 - ($1 > 0 ? $1 / sum * log($1 / sum) : 0) })
    }
}
