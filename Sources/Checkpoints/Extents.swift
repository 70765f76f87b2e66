/// Arithmetic on shapes that come from files: an overflow is nil, never a trap.
enum Extents {
    /// More axes than any real array has; PyTorch and NumPy stop at 64 too.
    static let maximumRank = 64

    /// Bytes that `shape` takes at `size` bytes a number, or nil where the shape is impossible.
    ///
    /// Extents of zero count as one while checking, because strides are products of the other extents.
    static func byteCount(_ shape: [Int], size: Int) -> Int? {
        guard shape.count <= maximumRank else { return nil }
        var product = size, isEmpty = false
        for extent in shape {
            guard extent >= 0, extent < 1 << 48 else { return nil }
            isEmpty = isEmpty || extent == 0
            guard let next = product.times(max(extent, 1)) else { return nil }
            product = next
        }
        return isEmpty ? 0 : product
    }

    /// Row-major strides of a shape that `byteCount` has accepted.
    static func strides(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count), step = 1
        for axis in shape.indices.reversed() {
            strides[axis] = step
            step = step.times(max(shape[axis], 1)) ?? Int.max
        }
        return strides
    }
}

extension Int {
    /// The sum, or nil where it overflows.
    func plus(_ other: Int) -> Int? {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? nil : sum
    }

    /// The product, or nil where it overflows.
    func times(_ other: Int) -> Int? {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? nil : product
    }
}
