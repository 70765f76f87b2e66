public import Tensors

/// Mean and scatter of vectors that come in batches, whatever their number (Chan's recurrence), in double precision.
public struct Scatter: Sendable {
    /// How many vectors came.
    public private(set) var count = 0
    public let width: Int
    private var mean: [Double]
    /// Σ (x − mean)(x − mean)ᵀ, the upper triangle, row-major.
    private var products: [Double]

    public init(width: Int) {
        self.width = width
        mean = [Double](repeating: 0, count: width)
        products = [Double](repeating: 0, count: width * width)
    }

    /// Adds the rows of `vectors` (vectors, width), one after another, so that batches of any size give the same.
    public mutating func add(_ vectors: DoubleMatrix) {
        precondition(vectors.cols == width, "\(vectors.cols) numbers, \(width) expected")
        var before = [Double](repeating: 0, count: width)
        for row in 0..<vectors.rows {
            count += 1
            for column in 0..<width {
                before[column] = vectors[row, column] - mean[column]
                mean[column] += before[column] / Double(count)
            }
            for column in 0..<width {
                let difference = before[column]
                for other in column..<width {
                    products[column * width + other] += difference * (vectors[row, other] - mean[other])
                }
            }
        }
    }

    /// Σ |x − mean|².
    var squaredSpread: Double { (0..<width).reduce(0) { $0 + products[$1 * width + $1] } }

    /// Σ |x|².
    var squaredLength: Double { squaredSpread + Double(count) * mean.reduce(0) { $0 + $1 * $1 } }

    /// Σ (x − mean)(x − mean)ᵀ / (count − 1): (width, width), symmetric; zeros for fewer than two vectors.
    public var covariance: DoubleMatrix {
        let divisor = Double(max(count - 1, 1))
        var values = products
        for row in 0..<width {
            for column in row..<width {
                values[row * width + column] = products[row * width + column] / divisor
                values[column * width + row] = values[row * width + column]
            }
        }
        return DoubleMatrix(rows: width, cols: width, values)
    }
}
