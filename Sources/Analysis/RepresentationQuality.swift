import Glibc
public import Platform
public import Tensors

/// How good representations of images are, without labels (docs/science.md#representation-quality).
///
/// Nil where a number is not finite, or where the images do not differ by more than rounding (`Spread`).
public enum RepresentationQuality {
    /// exp of the entropy of pₖ = σₖ / Σσ + 10⁻⁷, of the singular values of the features themselves, not centred
    /// (Garrido et al. 2023, RankMe).
    ///
    /// - Parameter features: (images, embedDim).
    public static func rankMe(_ features: DoubleMatrix) -> Double? {
        guard features.rows > 0, let values = features.singularValues() else { return nil }
        return smoothRank(values)
    }

    /// Eigenvalues of the unbiased covariance, largest first: min(images − 1, embedDim) of them.
    public static func eigenvalues(_ features: DoubleMatrix) -> [Double]? {
        guard features.rows > 1 else { return nil }
        let centered = features.columnCentered()
        guard let values = centered.singularValues(), features.isFinite,
            !Spread.isRounding(centered.squaredNorm, of: features.squaredNorm)
        else { return nil }
        return values.prefix(min(features.rows - 1, features.cols)).map { $0 * $0 / Double(features.rows - 1) }
    }

    /// exp of the entropy of the eigenvalues as shares of their sum (Roy and Vetterli 2007).
    public static func effectiveRank(_ eigenvalues: [Double]) -> Double? {
        let sum = eigenvalues.reduce(0, +)
        guard sum > 0, sum.isFinite else { return nil }
        return exp(eigenvalues.reduce(0) { $0 - ($1 > 0 ? $1 / sum * log($1 / sum) : 0) })
    }

    /// How fast eigenvalues fall: α of λᵢ ∝ i^−α by least squares of ln λᵢ on ln i (Agrawal et al. 2022, α-ReQ).
    ///
    /// - Parameter ranks: from 1, which count; those without an eigenvalue above 10⁻¹⁰ of the largest do not.
    /// - Returns: nil where fewer than three are left.
    public static func decay(_ eigenvalues: [Double], ranks: ClosedRange<Int>) -> Double? {
        guard let largest = eigenvalues.first, largest > 0, ranks.lowerBound > 0 else { return nil }
        let points = usable(eigenvalues, ranks).map { (x: log(Double($0)), y: log(eigenvalues[$0 - 1] / largest)) }
        guard points.count > 2 else { return nil }
        let n = Double(points.count)
        let x = points.reduce(0) { $0 + $1.x } / n, y = points.reduce(0) { $0 + $1.y } / n
        let products = points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) }
        return -products / points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
    }

    /// The ranks of `ranks` that `decay` fits to.
    public static func usable(_ eigenvalues: [Double], _ ranks: ClosedRange<Int>) -> [Int] {
        guard let largest = eigenvalues.first, ranks.lowerBound <= eigenvalues.count else { return [] }
        return (ranks.lowerBound...min(ranks.upperBound, eigenvalues.count)).filter {
            eigenvalues[$0 - 1] > 1e-10 * largest
        }
    }

    /// ln of the mean of exp(−2 · ‖û − v̂‖²) over all pairs of images, hats of unit length (Wang and Isola 2020).
    ///
    /// - Returns: nil also where a feature is zero, and for one image.
    public static func uniformity(_ features: DoubleMatrix, pool: ThreadPool) -> Double? {
        let unit = features.unitRows(), count = unit.rows
        guard count > 1, unit.isFinite else { return nil }
        var sum = 0.0
        for start in stride(from: 0, to: count, by: block) {
            let rows = unit.rows(start..<min(start + block, count)).productTransposed(unit, pool: pool)
            for row in 0..<rows.rows {
                for other in start + row + 1..<max(count, start + row + 1) {
                    sum += exp(-4 * max(1 - rows[row, other], 0))
                }
            }
        }
        return log(sum / (Double(count) * Double(count - 1) / 2))
    }

    /// The mean of ‖û − v̂‖² over images, of two views of each (Wang and Isola 2020).
    ///
    /// - Parameters:
    ///   - first, second: (images, embedDim).
    public static func alignment(_ first: DoubleMatrix, _ second: DoubleMatrix) -> Double? {
        precondition(first.rows == second.rows && first.cols == second.cols, "two views an image")
        let (a, b) = (first.unitRows(), second.unitRows())
        guard a.rows > 0, a.isFinite, b.isFinite else { return nil }
        return zip(a.values, b.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(a.rows)
    }

    /// Rows that are compared with all others at a time.
    static let block = 256

    /// exp of the entropy of the values' shares plus 10⁻⁷.
    static func smoothRank(_ values: [Double]) -> Double? {
        let sum = values.reduce(0, +)
        guard sum > 0, sum.isFinite else { return nil }
        return exp(
            values.reduce(0) {
                let share = $1 / sum + 1e-7
                return $0 - share * log(share)
            })
    }
}
