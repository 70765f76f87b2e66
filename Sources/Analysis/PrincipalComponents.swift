public import Tensors

/// The directions in which samples vary most (docs/science.md#pca).
public struct PrincipalComponents: Sendable {
    /// (components, features), orthonormal, the strongest first; of each, the entry of largest magnitude is positive.
    public let components: DoubleMatrix
    /// Samples on the components: (samples, components).
    public let coordinates: DoubleMatrix
    /// Variance along each component, unbiased.
    public let variances: [Double]
    /// The share of each component in the variance; nil where there is none but rounding (`Spread`).
    public let explainedRatio: [Double]?

    /// - Parameters:
    ///   - samples: (samples, features), two samples at least.
    ///   - count: how many components; fewer come out where there are fewer samples or features.
    /// - Returns: nil where a number is not finite.
    public init?(_ samples: DoubleMatrix, count: Int) {
        precondition(samples.rows > 1 && count > 0, "no samples that vary")
        var centered = samples.columnCentered()
        if Spread.isRounding(centered.squaredNorm, of: samples.squaredNorm) { centered = centered.scaled(by: 0) }
        guard let found = centered.singularValueDecomposition() else { return nil }
        let kept = min(count, found.values.count), width = samples.cols
        var components = found.v.rows(0..<kept)
        var coordinates = DoubleMatrix(
            rows: samples.rows, cols: kept, [Double](repeating: 0, count: samples.rows * kept))
        for component in 0..<kept {
            var largest = 0
            for column in 0..<width where abs(components[component, column]) > abs(components[component, largest]) {
                largest = column
            }
            let sign: Double = components[component, largest] < 0 ? -1 : 1
            for column in 0..<width { components[component, column] *= sign }
            for row in 0..<samples.rows {
                coordinates[row, component] = sign * found.u[row, component] * found.values[component]
            }
        }
        let squares = found.values.map { $0 * $0 }, total = squares.reduce(0, +)
        self.components = components
        self.coordinates = coordinates
        variances = squares.prefix(kept).map { $0 / Double(samples.rows - 1) }
        explainedRatio = total > 0 ? squares.prefix(kept).map { $0 / total } : nil
    }
}

extension DoubleMatrix {
    fileprivate func scaled(by factor: Double) -> DoubleMatrix {
        DoubleMatrix(rows: rows, cols: cols, values.map { $0 * factor })
    }
}
