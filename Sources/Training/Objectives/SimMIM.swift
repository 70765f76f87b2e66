public import Models
public import Tensors

/// What SimMIM adds to a Vision Transformer.
public struct SimMIMConfig: Sendable, Hashable {
    /// Share of the cells that are masked.
    public var maskRatio: Double
    /// Side of a cell, pixels; a whole number of patches.
    public var maskPatchSize: Int

    public init(maskRatio: Double = 0.6, maskPatchSize: Int = 32) {
        self.maskRatio = maskRatio
        self.maskPatchSize = maskPatchSize
    }
}

/// SimMIM (Xie et al., arXiv 2111.09886): the pixels of masked patches are predicted, and the mean absolute error on
/// them is the loss.
public struct SimMIM: Objective {
    public let layout: ParameterLayout
    public let buffers = ParameterLayout()
    public let config: SimMIMConfig
    private let recipe: ViTRecipe
    let branch: MaskedBranch

    public init(vit recipe: ViTRecipe, config: SimMIMConfig = SimMIMConfig()) {
        var layout = ParameterLayout()
        branch = MaskedBranch(encoder: recipe.encoder(in: &layout), in: &layout)
        self.recipe = recipe
        self.config = config
        self.layout = layout
    }

    public var encoder: TrainableViT { branch.encoder }
    public var momentumLayout: ParameterLayout? { nil }
    public var frozen: Set<String> { branch.encoder.frozen }

    public var stepFLOPs: Double { branch.stepFLOPs }

    public func initialState(seed: UInt64) -> NetworkState {
        var initializer = Initializer(layout, seed: seed)
        initializer.initialize(branch.encoder, recipe)
        branch.initialize(&initializer, recipe.initialization)
        return NetworkState(weights: initializer.weights, buffers: ParameterBuffer(buffers))
    }

    public func step(
        _ batch: Batch, state: inout NetworkState, gradients: inout ParameterBuffer, _ context: StepContext
    ) -> [Metric] {
        guard let view = batch.views.last, let mask = batch.mask else {
            preconditionFailure("SimMIM takes a view and a mask")
        }
        let loss = branch.step(
            view, mask: mask, weights: state.weights, gradients: &gradients, scale: context.gradientScale, context)
        return [Metric("loss", loss)]
    }
}
