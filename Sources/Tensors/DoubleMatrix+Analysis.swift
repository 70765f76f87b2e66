import CKernels
public import Platform

extension DoubleMatrix {
    /// The mean over tokens `first`… of each image of `tokens` (batch, tokens, embedDim): (batch, embedDim).
    public init(meanOf tokens: Tensor, from first: Int, pool: ThreadPool) {
        precondition(tokens.shape.count == 3 && first >= 0 && first < tokens.shape[1], "no tokens to average")
        let (batch, count, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2])
        self.init(rows: batch, cols: width) { target in
            tokens.withUnsafeBufferPointer { source in
                guard let source = source.baseAddress else { return }
                pool.parallelFor(batch) { image, _ in
                    token_means(
                        target + image * width, source + (image * count + first) * width, count - first, width)
                }
            }
        }
    }

    /// The tokens in `range` of each image of `tokens` (batch, tokens, embedDim), images one after another:
    /// (batch · range, embedDim).
    public init(tokens: Tensor, in range: Range<Int>) {
        precondition(
            tokens.shape.count == 3 && range.lowerBound >= 0 && range.upperBound <= tokens.shape[1], "no such tokens")
        let (batch, count, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2])
        self.init(rows: batch * range.count, cols: width) { target in
            tokens.withUnsafeBufferPointer { source in
                guard let source = source.baseAddress else { return }
                for image in 0..<batch {
                    widen(
                        target + image * range.count * width, source + (image * count + range.lowerBound) * width,
                        range.count * width)
                }
            }
        }
    }

    /// Squared distances between samples, for a Gram matrix (samples, samples); NaN where a sample is not finite.
    public func gramDistances() -> DoubleMatrix {
        precondition(rows == cols, "a Gram matrix is square")
        var result = self
        var norms = [Double](repeating: 0, count: rows)
        result.withUnsafeMutableValues { gram_distances($0, &norms, rows) }
        return result
    }

    /// exp(−scale · x) of each number, none of them negative.
    public func gaussian(scale: Double) -> DoubleMatrix {
        var result = self
        result.withUnsafeMutableValues { CKernels.gaussian($0, scale, rows * cols) }
        return result
    }

    /// The median of all numbers of a symmetric matrix with a zero diagonal and nothing negative; NaN where one of them
    /// is, unless the diagonal alone decides.
    public func symmetricMedian() -> Double {
        precondition(rows == cols && rows > 0, "no square matrix")
        var upper: [Double] = []
        upper.reserveCapacity(rows * (rows - 1) / 2)
        for row in 0..<rows { upper += values[row * cols + row + 1..<(row + 1) * cols] }
        // Sorted, all numbers are the diagonal's zeros and then each upper one twice.
        func ranked(_ rank: Int) -> Double { rank < rows ? 0 : upper.selectNth((rank - rows) / 2) }
        let count = rows * rows
        return (ranked((count - 1) / 2) + ranked(count / 2)) / 2
    }

    /// Upper triangles of centred Gram matrices, one a row, scaled so that the dot product of two rows is the inner
    /// product of the two matrices: (grams, samples · (samples + 1) / 2).
    ///
    /// - Parameters:
    ///   - count: how many matrices.
    ///   - unbiased: U-centring, with a zero diagonal, instead of double centring.
    ///   - gram: makes matrix number `index`: (samples, samples).
    public static func packingCenteredGrams(
        count: Int, samples: Int, unbiased: Bool, _ gram: (_ index: Int) -> DoubleMatrix?
    ) -> DoubleMatrix {
        let size = samples * (samples + 1) / 2
        var means = [Double](repeating: 0, count: samples)
        return DoubleMatrix(rows: count, cols: size) { target in
            for index in 0..<count {
                guard let gram = gram(index) else {
                    (target + index * size).update(repeating: 0, count: size)
                    continue
                }
                precondition(gram.rows == samples && gram.cols == samples, "a Gram matrix of \(samples) samples")
                gram.values.withUnsafeBufferPointer {
                    gram_center(target + index * size, &means, $0.baseAddress!, unbiased ? 1 : 0, samples)
                }
            }
        }
    }

    /// This attention map (tokens, tokens) as a step of attention rollout: the lowest `discard` numbers zeroed, then (A + I) / 2 with every row divided by its sum; or, as the published code has it, column j by the
    /// sum of row j. All NaN where numbers are discarded and one of them is NaN.
    ///
    /// - Parameter keepsFirst: whether the first number, a class token's attention to itself, is never zeroed.
    public func rolloutStep(discard: Int, keepsFirst: Bool, scalingColumns: Bool) -> DoubleMatrix {
        precondition(rows == cols && discard >= 0 && discard <= rows * cols, "no attention map of \(rows)×\(cols)")
        var threshold = -Double.infinity, ties = 0
        if discard > 0 {
            var sorted = values
            threshold = sorted.selectNth(discard - 1)
            // Without an order nothing is known of the step.
            guard !threshold.isNaN else {
                return DoubleMatrix(rows: rows, cols: cols, [Double](repeating: .nan, count: rows * cols))
            }
            ties = discard - values.reduce(0) { $0 + ($1 < threshold ? 1 : 0) }
        }
        var result = self
        var sums = [Double](repeating: 0, count: rows)
        result.withUnsafeMutableValues {
            rollout_matrix($0, &sums, threshold, max(ties, 0), scalingColumns ? 1 : 0, keepsFirst ? 1 : 0, rows)
        }
        return result
    }
}

extension [Double] {
    /// The number at position `rank` were these sorted; they are reordered. NaN where one of them is.
    fileprivate mutating func selectNth(_ rank: Int) -> Double {
        precondition(rank >= 0 && rank < count, "rank \(rank) of \(count)")
        return withUnsafeMutableBufferPointer { double_select($0.baseAddress!, rank, $0.count) }
    }
}
