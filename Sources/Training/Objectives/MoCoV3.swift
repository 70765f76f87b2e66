public import Models
public import Tensors

/// What MoCo v3 adds to a Vision Transformer.
public struct MoCoV3Config: Sendable, Hashable {
    /// Width of the compared vectors.
    public var dim: Int
    /// Width inside projector and predictor.
    public var mlpDim: Int
    /// How far the momentum encoder stays where it is, at the beginning.
    public var momentum: Double
    /// Whether the momentum rises to 1 along a half cosine.
    public var momentumSchedule: Bool
    public var temperature: Double
    /// Whether the patch projection stays as it was drawn.
    public var stopGradConv1: Bool

    public init(
        dim: Int = 256, mlpDim: Int = 4096, momentum: Double = 0.99, momentumSchedule: Bool = true,
        temperature: Double = 0.2, stopGradConv1: Bool = true
    ) {
        self.dim = dim
        self.mlpDim = mlpDim
        self.momentum = momentum
        self.momentumSchedule = momentumSchedule
        self.temperature = temperature
        self.stopGradConv1 = stopGradConv1
    }
}

/// MoCo v3 (Chen et al., arXiv 2104.02057): two views of an image should have the same class token, other images
/// another one. The momentum encoder, which makes the keys, follows slowly and moves before it is asked.
public struct MoCoV3: Objective {
    public let layout: ParameterLayout
    public let buffers: ParameterLayout
    private let recipe: ViTRecipe
    let branch: ContrastiveBranch

    public init(vit recipe: ViTRecipe, config: MoCoV3Config = MoCoV3Config()) {
        var layout = ParameterLayout(), buffers = ParameterLayout()
        let encoder = recipe.encoder(freezesPatchEmbed: config.stopGradConv1, in: &layout)
        branch = ContrastiveBranch(encoder: encoder, config: config, in: &layout, buffers: &buffers)
        self.recipe = recipe
        self.layout = layout
        self.buffers = buffers
    }

    public var encoder: TrainableViT { branch.encoder }
    public var momentumLayout: ParameterLayout? { branch.momentumLayout }
    public var momentumBuffersLayout: ParameterLayout? { branch.momentumBuffers }
    public var frozen: Set<String> { branch.encoder.frozen }

    public var stepFLOPs: Double { branch.stepFLOPs }
    /// Both queries are kept until the way back.
    public var keptPasses: Int { 2 }

    public func initialState(seed: UInt64) -> NetworkState {
        var initializer = Initializer(layout, seed: seed)
        initializer.initialize(branch.encoder, recipe)
        branch.initialize(&initializer)
        return branch.state(initializer.weights, buffers: buffers)
    }

    public func step(
        _ batch: Batch, state: inout NetworkState, gradients: inout ParameterBuffer, _ context: StepContext
    ) -> [Metric] {
        let loss = branch.step(
            batch.views, state: &state, gradients: &gradients, scale: context.gradientScale, context)
        return [Metric("loss", loss)]
    }
}
