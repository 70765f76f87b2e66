public import Models
import Platform
public import Tensors

/// What MAE adds to a Vision Transformer.
public struct MAEConfig: Sendable, Hashable {
    /// Share of the patches that the encoder never sees.
    public var maskRatio: Double
    public var decoderDepth: Int
    public var decoderDim: Int
    public var decoderHeads: Int
    /// Hidden width of the decoder's MLPs; nil for four times `decoderDim`.
    public var decoderMLPHidden: Int?
    /// Whether each patch's pixels are predicted after subtracting their mean and dividing by their spread.
    public var normPixLoss: Bool

    public init(
        maskRatio: Double = 0.75, decoderDepth: Int = 8, decoderDim: Int = 512, decoderHeads: Int = 16,
        normPixLoss: Bool = true
    ) {
        self.maskRatio = maskRatio
        self.decoderDepth = decoderDepth
        self.decoderDim = decoderDim
        self.decoderHeads = decoderHeads
        self.normPixLoss = normPixLoss
    }
}

/// Masked autoencoder (He et al., arXiv 2111.06377): the encoder sees a quarter of the patches, a small decoder
/// predicts the pixels of the others.
public struct MAE: Objective {
    public let layout: ParameterLayout
    public let buffers = ParameterLayout()
    public let config: MAEConfig
    private let recipe: ViTRecipe
    public let encoder: TrainableViT
    let decoder: MAEDecoder

    public init(vit recipe: ViTRecipe, config: MAEConfig = MAEConfig()) {
        precondition(recipe.config.relPos == .none, "MAE has no relative position bias")
        var layout = ParameterLayout()
        encoder = recipe.encoder(in: &layout)
        decoder = MAEDecoder(recipe.config, config, in: &layout)
        self.recipe = recipe
        self.config = config
        self.layout = layout
    }

    public var momentumLayout: ParameterLayout? { nil }
    public var frozen: Set<String> { encoder.frozen.union([decoder.posEmbed.name]) }

    public var stepFLOPs: Double {
        encoder.trainingFLOPs(visible: Self.keptPatches(encoder.config.grid.count, ratio: config.maskRatio))
            + decoder.stepFLOPs
    }

    public func initialState(seed: UInt64) -> NetworkState {
        var initializer = Initializer(layout, seed: seed)
        initializer.initialize(encoder, recipe)
        decoder.initialize(&initializer, grid: recipe.config.grid)
        return NetworkState(weights: initializer.weights, buffers: ParameterBuffer(buffers))
    }

    /// How many of `patches` the encoder sees: ⌊patches · (1 − ratio)⌋, but one at least.
    public static func keptPatches(_ patches: Int, ratio: Double) -> Int {
        Int(rounding: Double(patches) * (1 - ratio), .down, into: 1...max(patches, 1)) ?? 1
    }

    /// The patches that each image keeps, those with the smallest noise first, and the mask of all others.
    static func keep(_ noise: Tensor, ratio: Double) -> (kept: [[Int]], mask: Tensor) {
        let (batch, patches) = (noise.shape[0], noise.shape[1])
        let count = keptPatches(patches, ratio: ratio)
        let numbers = noise.array
        var mask = [Float](repeating: 1, count: batch * patches)
        let kept = (0..<batch).map { image in
            let order = (0..<patches).sorted {
                let (a, b) = (numbers[image * patches + $0], numbers[image * patches + $1])
                return a != b ? a < b : $0 < $1
            }
            for patch in order.prefix(count) { mask[image * patches + patch] = 0 }
            return Array(order.prefix(count))
        }
        return (kept, Tensor(shape: [batch, patches], mask))
    }

    public func step(
        _ batch: Batch, state: inout NetworkState, gradients: inout ParameterBuffer, _ context: StepContext
    ) -> [Metric] {
        guard let view = batch.views.last, let noise = batch.noise else { preconditionFailure("MAE takes noise") }
        let vit = recipe.config
        let (kept, mask) = Self.keep(noise, ratio: config.maskRatio)
        let pass = TrainingPass(weights: state.weights, precision: encoder.precision, pool: context.pool)
        let encoded = encoder.forward(
            view, weights: state.weights, masking: .keeping(kept), random: context.random("masked", 0),
            slots: context.slots, pool: context.pool)
        let decoded = decoder.forward(encoded.output, kept: kept, pass)
        var target = encoded.patches.patchesChannelsLast(channels: vit.inChans, patchSize: vit.patchSize)
        if config.normPixLoss { target = target.standardizedRows(eps: 1e-6) }
        let masked = context.ranks.sum(mask.mean * Double(mask.count))
        let (sum, dPrediction) = decoded.prediction.maskedL2(
            target: target, mask: mask, scale: Float(1 / masked) * context.gradientScale, pool: context.pool)
        let dOutput = decoder.backward(decoded, dPrediction: dPrediction, kept: kept, pass, gradients: &gradients)
        encoder.backward(
            encoded, dOutput: dOutput, weights: state.weights, gradients: &gradients, sum: context.sum,
            pool: context.pool)
        return [Metric("loss", context.ranks.sum(sum) / masked)]
    }
}
