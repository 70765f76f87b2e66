public import Tensors

/// How long tokens are: Euclidean norms in the residual stream, in double precision.
public enum TokenNorms {
    /// The lengths of one image's tokens.
    public struct Values: Sendable, Equatable {
        /// Mean over the patches, and their standard deviation (of the patches themselves, with n).
        public let patchMean: Double
        public let patchSpread: Double
        /// NaN without a class token.
        public let cls: Double
        /// Mean over registers and other prefix tokens; NaN without any.
        public let registers: Double
    }

    /// The lengths in each image of `tokens` (batch, tokens, embedDim), prefix tokens included.
    public static func values(_ tokens: Tensor, layout: TokenLayout) -> [Values] {
        precondition(tokens.shape.count == 3 && tokens.shape[1] == layout.numTokens, "no \(layout.numTokens) tokens")
        let (count, width) = (tokens.shape[1], tokens.shape[2]), span = tokens.span
        let hasClass = layout.classToken && layout.numPrefixTokens > 0
        return (0..<tokens.shape[0]).map { image in
            var norms: [Double] = []
            norms.reserveCapacity(count)
            for token in 0..<count {
                let start = (image * count + token) * width
                var squares = 0.0
                for index in start..<start + width { squares += Double(span[index]) * Double(span[index]) }
                norms.append(squares.squareRoot())
            }
            let patches = norms[layout.patches], registers = norms[(hasClass ? 1 : 0)..<layout.numPrefixTokens]
            let mean = patches.reduce(0, +) / Double(patches.count)
            let spread = patches.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(patches.count)
            return Values(
                patchMean: mean, patchSpread: spread.squareRoot(), cls: hasClass ? norms[0] : .nan,
                registers: registers.isEmpty ? .nan : registers.reduce(0, +) / Double(registers.count))
        }
    }
}
