extension Tensor {
    /// The numbers `columns` of every row: (…, width) → (…, columns).
    public func columns(_ columns: Range<Int>) -> Tensor {
        let width = shape.last ?? 1
        precondition(columns.lowerBound >= 0 && columns.upperBound <= width && width > 0, "no such columns in \(shape)")
        return Tensor(shape: shape.dropLast() + [columns.count]) { out in
            guard let out = out.baseAddress else { return }
            withUnsafeBufferPointer { x in
                guard let x = x.baseAddress else { return }
                for row in 0..<count / width {
                    (out + row * columns.count).update(
                        from: x + row * width + columns.lowerBound, count: columns.count)
                }
            }
        }
    }

    /// Puts `other` (…, columns), with as many rows, in place of the numbers from column `first` on.
    public mutating func setColumns(from first: Int, to other: Tensor) {
        let width = shape.last ?? 1, part = other.shape.last ?? 0
        precondition(
            first >= 0 && first + part <= width && part > 0 && other.count / part == count / width,
            "\(other.shape) does not fit \(shape)")
        let rows = count / width
        other.withUnsafeBufferPointer { other in
            withUnsafeMutableBufferPointer { x in
                guard let x = x.baseAddress, let other = other.baseAddress else { return }
                for row in 0..<rows {
                    (x + row * width + first).update(from: other + row * part, count: part)
                }
            }
        }
    }
}
