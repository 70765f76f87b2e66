extension Tensor {
    /// The column of the largest number of each row of a matrix, the first of several: a classifier's decisions. Nil
    /// where a number of the row is not finite, and so nothing was decided.
    public var largestColumns: [Int?] {
        precondition(shape.count == 2, "\(shape) is no matrix")
        let width = shape[1], numbers = array
        return (0..<shape[0]).map { row in
            let own = numbers[row * width..<(row + 1) * width]
            guard own.allSatisfy(\.isFinite), var best = own.indices.first else { return nil }
            for place in own.indices where own[place] > own[best] { best = place }
            return best - own.startIndex
        }
    }
}
