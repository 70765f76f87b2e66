extension Tensor {
    /// Of each row of a matrix the column of its largest number, the first of several: a classifier's decisions.
    public var largestColumns: [Int] {
        precondition(shape.count == 2, "\(shape) is no matrix")
        let width = shape[1], numbers = array
        return (0..<shape[0]).map { row in
            var best = 0
            for column in 1..<max(width, 1) where numbers[row * width + column] > numbers[row * width + best] {
                best = column
            }
            return best
        }
    }
}
