public import Tensors

/// Mean cosines of many vectors, without making their pairs (docs/science.md#token-similarity).
///
/// A vector shorter than 1e-12 counts as zero and is like nothing.
public enum PairCosine {
    private static let eps = 1e-12

    /// Between all pairs of the rows of (…, rows, width), for each block of rows: (product of the outer extents). NaN
    /// with fewer than two rows.
    ///
    /// - Parameter first: rows before it are left out.
    public static func amongRows(_ tensor: Tensor, from first: Int = 0) -> [Double] {
        let (rows, width) = (tensor.shape[tensor.shape.count - 2], tensor.shape[tensor.shape.count - 1])
        precondition(first >= 0 && first <= rows, "rows from \(first) of \(rows)")
        let blocks = rows * width > 0 ? tensor.count / (rows * width) : 0, count = rows - first, span = tensor.span
        return (0..<blocks).map { block in
            guard count > 1 else { return .nan }
            var sum = [Double](repeating: 0, count: width), lengths = 0.0
            for row in first..<rows {
                let start = (block * rows + row) * width, scale = scale(span, start, width)
                for index in 0..<width {
                    let number = Double(span[start + index]) * scale
                    sum[index] += number
                    lengths += number * number
                }
            }
            return (sum.reduce(0) { $0 + $1 * $1 } - lengths) / (Double(count) * Double(count - 1))
        }
    }

    /// Between row t of `a` and row t of `b`, both (blocks…, rows, width), mean over the rows: (blocks).
    public static func pairwise(_ a: Tensor, _ b: Tensor, from first: Int = 0) -> [Double] {
        precondition(a.shape == b.shape, "\(a.shape) and \(b.shape)")
        let (rows, width) = (a.shape[a.shape.count - 2], a.shape[a.shape.count - 1])
        let blocks = rows * width > 0 ? a.count / (rows * width) : 0, left = a.span, right = b.span
        return (0..<blocks).map { block in
            guard rows > first else { return .nan }
            var sum = 0.0
            for row in first..<rows {
                let start = (block * rows + row) * width
                var product = 0.0
                for index in start..<start + width { product += Double(left[index]) * Double(right[index]) }
                sum += product * scale(left, start, width) * scale(right, start, width)
            }
            return sum / Double(rows - first)
        }
    }

    private static func scale(_ span: Span<Float>, _ start: Int, _ width: Int) -> Double {
        var squares = 0.0
        for index in start..<start + width { squares += Double(span[index]) * Double(span[index]) }
        return 1 / max(squares.squareRoot(), eps)
    }
}
