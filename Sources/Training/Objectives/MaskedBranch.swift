import Models
import Platform
import Tensors

/// The masked half of a step, as SimMIM has it: masked patches are predicted pixel by pixel with one linear layer.
struct MaskedBranch: Sendable {
    let encoder: TrainableViT
    let maskToken: Parameter
    /// The 1×1 convolution before the pixel shuffle: one row for each (channel, row, column) of a patch.
    let decoder: Linear

    init(encoder: TrainableViT, in layout: inout ParameterLayout) {
        let config = encoder.config
        self.encoder = encoder
        maskToken = layout.add("mask_token", [1, 1, config.embedDim])
        decoder = Linear(
            "decoder.0", inFeatures: config.embedDim, outFeatures: config.inChans * config.patchSize * config.patchSize,
            in: &layout)
    }

    func initialize(_ initializer: inout Initializer, _ initialization: ViTRecipe.Initialization) {
        initializer.token(maskToken, initialization)
        let inputs = encoder.config.embedDim
        initializer.torchDefault(decoder.weight, inputs: inputs)
        if let bias = decoder.bias { initializer.torchDefault(bias, inputs: inputs) }
    }

    /// The loss of one view (batch, 3, height, width) under `mask` (batch, patches); adds the gradients of `scale`
    /// times it.
    ///
    /// Σ |x − x̂| · M / (ΣM + 1e-5) / channels, with M at pixel resolution (Xie et al. 2022).
    func step(
        _ view: Tensor, mask: Tensor, weights: ParameterBuffer, gradients: inout ParameterBuffer, scale: Float,
        _ context: StepContext
    ) -> Double {
        let config = encoder.config
        let pass = TrainingPass(weights: weights, precision: encoder.precision, pool: context.pool)
        let encoded = encoder.forward(
            view, weights: weights, masking: .token(maskToken, mask: mask), random: context.random("masked", 0),
            slots: context.slots, pool: context.pool)
        let tokens = encoded.output.tokens(from: config.numPrefixTokens)
        let reconstruction = decoder.forward(tokens, pass)
        let pixels = context.ranks.sum(mask.mean * Double(mask.count)) * Double(config.patchSize * config.patchSize)
        let divisor = (pixels + 1e-5) * Double(config.inChans)
        let (sum, dReconstruction) = reconstruction.maskedL1(
            target: encoded.patches, mask: mask, scale: Float(1 / divisor) * scale, pool: context.pool)
        let dTokens = decoder.backward(tokens, dOutput: dReconstruction, pass, gradients: &gradients)
        var dOutput = Tensor.zeros(encoded.output.shape)
        dOutput.addTokens(dTokens, from: config.numPrefixTokens)
        encoder.backward(
            encoded, dOutput: dOutput, weights: weights, gradients: &gradients, sum: context.sum, pool: context.pool)
        return context.ranks.sum(sum) / divisor
    }
}
