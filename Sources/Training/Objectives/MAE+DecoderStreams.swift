import Models
public import Platform
public import Tensors

/// A look into the decoder.
extension MAE {
    /// The decoder's own parameters.
    public var decoderParameters: [Parameter] { decoder.parameters }

    /// The patches that each image keeps, drawn by noise (images, patches).
    public static func keptPatches(noise: Tensor, ratio: Double) -> [[Int]] { keep(noise, ratio: ratio).kept }

    /// The decoder's tokens, the class token first: with positions added before the first block, then after each block,
    /// (batch, 1 + patches, decoderDim).
    ///
    /// - Parameters:
    ///   - images: (batch, inChans, height, width), normalized.
    ///   - kept: of each image the patches that the encoder sees, equally many.
    public func decoderStreams(
        _ images: Tensor, kept: [[Int]], weights: ParameterBuffer, pool: ThreadPool
    ) -> [Tensor] {
        let encoded = encoder.forward(
            images, weights: weights, masking: .keeping(kept), keepsActivations: false, pool: pool)
        let pass = TrainingPass(weights: weights, precision: encoder.precision, pool: pool)
        return decoder.forward(encoded.output, kept: kept, pass).streams
    }
    /// What the decoder says of the pixels of every patch, also of those that the encoder sees: (batch, patches,
    /// patchSize²·inChans), ordered (row, column, channel), as the loss compares them.
    ///
    /// - Parameters:
    ///   - images: (batch, inChans, height, width), normalized.
    ///   - kept: of each image the patches that the encoder sees, equally many.
    public func prediction(_ images: Tensor, kept: [[Int]], weights: ParameterBuffer, pool: ThreadPool) -> Tensor {
        let encoded = encoder.forward(
            images, weights: weights, masking: .keeping(kept), keepsActivations: false, pool: pool)
        let pass = TrainingPass(weights: weights, precision: encoder.precision, pool: pool)
        return decoder.forward(encoded.output, kept: kept, pass).prediction
    }
}
