import Models
public import Tensors

/// Tokens far longer than the others, which hold no part of the image (Darcet et al. 2024), and the single huge numbers in
/// them (Sun et al. 2024).
public struct ArtifactTokens: Sendable {
    /// When a token is an outlier, and when a number is a massive activation.
    public struct Rule: Sendable, Hashable {
        /// Times the median length of the patches of the same image and depth beyond which a token is an outlier.
        public var factor: Double
        /// A length beyond which it is one instead; nil for `factor`.
        public var cutoff: Double?
        /// A number is massive beyond this magnitude, and at that many times the median magnitude of all numbers of the
        /// image's tokens.
        public var massiveFloor: Double
        public var massiveRatio: Double

        public init(factor: Double, cutoff: Double?, massiveFloor: Double, massiveRatio: Double) {
            self.factor = factor
            self.cutoff = cutoff
            self.massiveFloor = massiveFloor
            self.massiveRatio = massiveRatio
        }
    }

    /// What one image shows at one depth.
    public struct Look: Sendable, Equatable {
        /// Euclidean lengths of all tokens, prefix tokens first.
        public fileprivate(set) var norms: [Double]
        /// Which of them are outliers.
        public fileprivate(set) var isOutlier: [Bool]
        /// The median length of the patches.
        public fileprivate(set) var median: Double
        /// By channel: the sum of squares over the outlying patches, the sums of magnitudes over them and over the
        /// other patches, and how many massive activations all tokens have there.
        public fileprivate(set) var squares: [Double]
        public fileprivate(set) var outlying: [Double]
        public fileprivate(set) var ordinary: [Double]
        public fileprivate(set) var massive: [Double]
    }

    /// Shares of attention, mean over heads and over the patches as queries.
    public struct Shares: Sendable, Equatable {
        /// What goes to the outlying patches, and their part of all tokens; nil without one.
        public let outliers: Double?
        public let even: Double?
        /// NaN without class token or registers.
        public let cls: Double
        public let registers: Double
    }

    public let layout: TokenLayout
    public let rule: Rule

    public init(layout: TokenLayout, rule: Rule) {
        self.layout = layout
        self.rule = rule
    }

    /// Of each image of `tokens` (batch, tokens, embedDim); nil where a number is not finite.
    public func looks(_ tokens: Tensor) -> [Look?] {
        precondition(tokens.shape.count == 3 && tokens.shape[1] == layout.numTokens, "no \(layout.numTokens) tokens")
        return (0..<tokens.shape[0]).map { look(tokens.part($0)) }
    }

    /// - Parameter tokens: (tokens, embedDim).
    private func look(_ tokens: Tensor) -> Look? {
        guard tokens.isFinite else { return nil }
        let (count, width) = (tokens.shape[0], tokens.shape[1]), span = tokens.span
        var norms: [Double] = [], largest: Float = 0
        norms.reserveCapacity(count)
        for token in 0..<count {
            var squares = 0.0
            for index in token * width..<(token + 1) * width {
                squares += Double(span[index]) * Double(span[index])
                largest = max(largest, abs(span[index]))
            }
            norms.append(squares.squareRoot())
        }
        let median = Self.median(Array(norms[layout.patches])), cut = rule.cutoff ?? rule.factor * median
        let zeros = [Double](repeating: 0, count: width)
        var look = Look(
            norms: norms, isOutlier: norms.map { $0 > cut }, median: median, squares: zeros, outlying: zeros,
            ordinary: zeros, massive: zeros)
        for token in layout.patches {
            let isOutlier = look.isOutlier[token], start = token * width
            for channel in 0..<width {
                let number = Double(span[start + channel])
                if isOutlier {
                    look.squares[channel] += number * number
                    look.outlying[channel] += abs(number)
                } else {
                    look.ordinary[channel] += abs(number)
                }
            }
        }
        // Most networks have no number so large, and then the median of all need not be known.
        guard Double(largest) > rule.massiveFloor else { return look }
        let usual = Self.median(tokens.array.map { Double(abs($0)) })
        for index in 0..<count * width {
            let magnitude = Double(abs(span[index]))
            if magnitude > rule.massiveFloor, magnitude >= rule.massiveRatio * usual {
                look.massive[index % width] += 1
            }
        }
        return look
    }

    /// What the tokens of each image draw in a block that reads them.
    ///
    /// - Parameters:
    ///   - attention: (batch, heads, queries, tokens), of any queries.
    ///   - looks: of the tokens that the block reads.
    /// - Returns: nil where a look is, or where attention is not finite.
    public func shares(_ attention: Tensor, _ looks: [Look?]) -> [Shares?] {
        precondition(
            attention.shape.count == 4 && attention.shape[0] == looks.count && attention.shape[3] == layout.numTokens,
            "these are not the maps of these tokens")
        let tokens = layout.numTokens, rows = attention.shape[1] * attention.shape[2]
        let hasClass = layout.classToken && layout.numPrefixTokens > 0, span = attention.span
        return looks.enumerated().map { image, look in
            guard let look else { return nil }
            var drawn = [Double](repeating: 0, count: tokens)
            for row in 0..<rows {
                let start = (image * rows + row) * tokens
                for token in 0..<tokens { drawn[token] += Double(span[start + token]) }
            }
            guard drawn.allSatisfy(\.isFinite) else { return nil }
            let outliers = layout.patches.filter { look.isOutlier[$0] }
            let registers = (hasClass ? 1 : 0)..<layout.numPrefixTokens
            func share(_ tokens: some Sequence<Int>) -> Double { tokens.reduce(0) { $0 + drawn[$1] } / Double(rows) }
            return Shares(
                outliers: outliers.isEmpty ? nil : share(outliers),
                even: outliers.isEmpty ? nil : Double(outliers.count) / Double(tokens),
                cls: hasClass ? drawn[0] / Double(rows) : .nan, registers: registers.isEmpty ? .nan : share(registers))
        }
    }

    /// The mean of the two in the middle of an even number.
    package static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted(), half = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
    }
}
