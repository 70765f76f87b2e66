import CKernels

/// A matrix of doubles, row-major: for statistics, where 32 bits would lose the digits that are asked for.
///
public struct DoubleMatrix: Sendable, Equatable {
    public let rows: Int
    public let cols: Int
    /// The numbers, row-major.
    public private(set) var values: [Double]

    /// A matrix of `values`, rows × cols of them.
    public init(rows: Int, cols: Int, _ values: [Double]) {
        precondition(
            rows >= 0 && cols >= 0 && values.count == Tensor.count(of: [rows, cols]), "\(rows)×\(cols) numbers")
        self.rows = rows
        self.cols = cols
        self.values = values
    }

    /// A matrix whose numbers `body` writes, all of them.
    init(rows: Int, cols: Int, writing body: (UnsafeMutablePointer<Double>) -> Void) {
        let count = Tensor.count(of: [rows, cols])
        let values = [Double](unsafeUninitializedCapacity: count) { buffer, written in
            if count > 0, let base = buffer.baseAddress { body(base) }
            written = count
        }
        self.init(rows: rows, cols: cols, values)
    }

    /// The numbers of `tensor` (rows, cols).
    public init(_ tensor: Tensor) {
        precondition(tensor.shape.count == 2, "\(tensor.shape) is no matrix")
        self.init(rows: tensor.shape[0], cols: tensor.shape[1]) { target in
            tensor.withUnsafeBufferPointer { widen(target, $0.baseAddress!, $0.count) }
        }
    }

    /// Ones on the diagonal, zeros elsewhere.
    public static func identity(_ size: Int) -> DoubleMatrix {
        var matrix = DoubleMatrix(rows: size, cols: size, [Double](repeating: 0, count: size * size))
        for index in 0..<size { matrix[index, index] = 1 }
        return matrix
    }

    public subscript(row: Int, col: Int) -> Double {
        get {
            precondition(
                row >= 0 && row < rows && col >= 0 && col < cols, "(\(row), \(col)) is outside \(rows)×\(cols)")
            return values[row * cols + col]
        }
        set {
            precondition(
                row >= 0 && row < rows && col >= 0 && col < cols, "(\(row), \(col)) is outside \(rows)×\(cols)")
            values[row * cols + col] = newValue
        }
    }

    /// The rows in `range`, copied.
    public func rows(_ range: Range<Int>) -> DoubleMatrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows outside the matrix")
        return DoubleMatrix(
            rows: range.count, cols: cols, Array(values[range.lowerBound * cols..<range.upperBound * cols]))
    }

    /// Matrices of equal width, one below another.
    public static func stacking(_ matrices: [DoubleMatrix]) -> DoubleMatrix {
        precondition(!matrices.isEmpty && matrices.allSatisfy { $0.cols == matrices[0].cols }, "widths differ")
        var values: [Double] = []
        values.reserveCapacity(matrices.reduce(0) { $0 + $1.values.count })
        for matrix in matrices { values += matrix.values }
        return DoubleMatrix(rows: values.count / max(matrices[0].cols, 1), cols: matrices[0].cols, values)
    }

    /// Rows and columns exchanged.
    public func transposed() -> DoubleMatrix {
        var result = DoubleMatrix(rows: cols, cols: rows, [Double](repeating: 0, count: values.count))
        for row in 0..<rows { for col in 0..<cols { result.values[col * rows + row] = values[row * cols + col] } }
        return result
    }

    /// The sum of the squares of all numbers.
    public var squaredNorm: Double { values.withUnsafeBufferPointer { sum_of_squares($0.baseAddress, $0.count) } }

    /// The sum of the squares of each row.
    public var rowSquaredNorms: [Double] {
        values.withUnsafeBufferPointer { values in
            (0..<rows).map { row in values.baseAddress.map { sum_of_squares($0 + row * cols, cols) } ?? 0 }
        }
    }

    /// Whether every number is finite.
    public var isFinite: Bool { values.allSatisfy(\.isFinite) }

    /// This with the mean of each column subtracted; a column of equal numbers becomes exactly zero.
    public func columnCentered() -> DoubleMatrix {
        guard !values.isEmpty else { return self }
        var result = self
        var means = [Double](repeating: 0, count: cols)
        result.values.withUnsafeMutableBufferPointer { center_columns($0.baseAddress!, &means, rows, cols) }
        return result
    }

    /// Calls `body` with the numbers to change.
    mutating func withUnsafeMutableValues(_ body: (UnsafeMutablePointer<Double>) -> Void) {
        values.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { body(base) } }
    }
}
