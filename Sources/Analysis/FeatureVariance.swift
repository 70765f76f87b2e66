public import Tensors

/// How much a feature map varies over space: the variance of each channel over the patches, mean over the channels.
///
/// Park and Kim, "How Do Vision Transformers Work?" (ICLR 2022), figure 9: attention lowers it, MLPs raise it.
public enum FeatureVariance {
    /// The variance in each image of `tokens` (batch, tokens, embedDim), with n − 1; NaN with fewer than two patches.
    ///
    /// - Parameter numPrefixTokens: left out.
    public static func values(_ tokens: Tensor, numPrefixTokens: Int) -> [Double] {
        precondition(tokens.shape.count == 3 && tokens.shape[1] > numPrefixTokens, "no tokens: \(tokens.shape)")
        let (count, width) = (tokens.shape[1], tokens.shape[2]), span = tokens.span
        let patches = count - numPrefixTokens
        guard patches > 1 else { return [Double](repeating: .nan, count: tokens.shape[0]) }
        return (0..<tokens.shape[0]).map { image in
            var mean = [Double](repeating: 0, count: width), squares = mean
            for patch in 0..<patches {
                let start = (image * count + numPrefixTokens + patch) * width
                for channel in 0..<width {
                    // Welford's recurrence, so that a large mean costs no digits.
                    let number = Double(span[start + channel]), difference = number - mean[channel]
                    mean[channel] += difference / Double(patch + 1)
                    squares[channel] += difference * (number - mean[channel])
                }
            }
            return squares.reduce(0, +) / Double(patches - 1) / Double(width)
        }
    }
}
