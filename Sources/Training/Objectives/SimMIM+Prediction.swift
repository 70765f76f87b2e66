import Models
public import Platform
public import Tensors

/// A look at what is reconstructed.
extension SimMIM {
    /// What SimMIM adds to the encoder.
    public var decoderParameters: [Parameter] {
        [branch.maskToken, branch.decoder.weight] + (branch.decoder.bias.map { [$0] } ?? [])
    }

    /// What the linear layer says of the pixels of every patch, also of visible ones: (batch, patches,
    /// inChans·patchSize²), normalized, ordered (channel, row, column).
    ///
    /// - Parameters:
    ///   - images: (batch, inChans, height, width), normalized.
    ///   - mask: (batch, patches), 1 for masked patches.
    public func prediction(_ images: Tensor, mask: Tensor, weights: ParameterBuffer, pool: ThreadPool) -> Tensor {
        let encoded = encoder.forward(
            images, weights: weights, masking: .token(branch.maskToken, mask: mask), keepsActivations: false,
            pool: pool)
        let pass = TrainingPass(weights: weights, precision: encoder.precision, pool: pool)
        return branch.decoder.forward(encoded.output.tokens(from: encoder.config.numPrefixTokens), pass)
    }
}
