public import Tensors

/// The rank of what tells images apart whatever the view: LiDAR (Thilak et al. 2024).
///
/// Each image is a class, its views are the members. Σ_b is the mean of (μ_x − μ)(μ_x − μ)ᵀ over images, Σ_w that of
/// (v − μ_x)(v − μ_x)ᵀ over all views plus δI, and the rank exp of the entropy of the eigenvalues of
/// Σ_w^−½ Σ_b Σ_w^−½ as shares of their sum, each plus ε.
public enum DiscriminantRank {
    /// δ, and ε is that of `RepresentationQuality.smoothRank`.
    public static let regularization = 1e-4

    /// - Parameter views: of each view (images, embedDim), two of them at least.
    /// - Returns: nil where a number is not finite, and where the images do not differ by more than rounding.
    public static func lidar(_ views: [DoubleMatrix]) -> Double? {
        precondition(
            views.count > 1 && views.allSatisfy { $0.rows == views[0].rows && $0.cols == views[0].cols }, "no views")
        let (images, width) = (views[0].rows, views[0].cols), count = Double(views.count)
        guard images > 1, views.allSatisfy(\.isFinite) else { return nil }
        let means = DoubleMatrix(
            rows: images, cols: width,
            (0..<images * width).map { place in views.reduce(0) { $0 + $1.values[place] } / count })
        let between = means.columnCentered()
        guard !Spread.isRounding(between.squaredNorm, of: means.squaredNorm) else { return nil }
        // Σ_w = V diag(s²) Vᵀ + δI, and Σ_b = BᵀB with B the centred means over √images.
        let all = (Double(images) * count).squareRoot()
        let within = DoubleMatrix.stacking(
            views.map { view in
                DoubleMatrix(rows: images, cols: width, zip(view.values, means.values).map { ($0 - $1) / all })
            })
        guard let found = within.singularValueDecomposition() else { return nil }
        let b = DoubleMatrix(rows: images, cols: width, between.values.map { $0 / Double(images).squareRoot() })
        guard let values = whitened(b, found).singularValues() else { return nil }
        return RepresentationQuality.smoothRank(values.map { $0 * $0 })
    }

    /// B·Σ_w^−½ in a basis of V and, where V does not span all channels, of what is left, on which Σ_w is δ.
    private static func whitened(_ b: DoubleMatrix, _ within: SingularValueDecomposition) -> DoubleMatrix {
        let (rank, width) = (within.v.rows, b.cols), hasRest = rank < width
        let columns = rank + (hasRest ? width : 0)
        var numbers: [Double] = []
        numbers.reserveCapacity(b.rows * columns)
        for row in 0..<b.rows {
            var rest = Array(b.values[row * width..<(row + 1) * width])
            for direction in 0..<rank {
                let axis = within.v.values[direction * width..<(direction + 1) * width]
                let place = zip(rest, axis).reduce(0) { $0 + $1.0 * $1.1 }
                if hasRest { for (channel, part) in zip(rest.indices, axis) { rest[channel] -= place * part } }
                let value = within.values[direction]
                numbers.append(place / (value * value + regularization).squareRoot())
            }
            if hasRest { numbers += rest.map { $0 / regularization.squareRoot() } }
        }
        return DoubleMatrix(rows: b.rows, cols: columns, numbers)
    }
}
