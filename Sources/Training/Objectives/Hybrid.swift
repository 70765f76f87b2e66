public import Models
import Platform
public import Tensors

/// The paper's last experiment (Park et al. 2023, figure 12): L = (1 − λ) · L_MIM + λ · L_CL over one shared encoder.
///
/// A reconstruction, since the paper leaves details open: the contrastive half sees two unmasked views through encoder,
/// projector and predictor, the masked half a view of its own through SimMIM's linear decoder; both losses enter at
/// their own scale. λ = 0 and λ = 1 are the pure objectives bit for bit.
public struct Hybrid: Objective {
    public let layout: ParameterLayout
    public let buffers: ParameterLayout
    /// λ, from 0 (SimMIM) to 1 (MoCo v3).
    public let lambda: Double
    private let recipe: ViTRecipe
    let contrastive: ContrastiveBranch
    let masked: MaskedBranch

    public init(
        vit recipe: ViTRecipe, moco: MoCoV3Config = MoCoV3Config(), simMIM: SimMIMConfig = SimMIMConfig(),
        lambda: Double
    ) {
        precondition((0...1).contains(lambda), "λ lies from 0 to 1, not \(lambda)")
        var layout = ParameterLayout(), buffers = ParameterLayout()
        let encoder = recipe.encoder(freezesPatchEmbed: moco.stopGradConv1, in: &layout)
        contrastive = ContrastiveBranch(encoder: encoder, config: moco, in: &layout, buffers: &buffers)
        masked = MaskedBranch(encoder: encoder, in: &layout)
        self.recipe = recipe
        self.lambda = lambda
        self.layout = layout
        self.buffers = buffers
    }

    public var encoder: TrainableViT { contrastive.encoder }
    public var momentumLayout: ParameterLayout? { contrastive.momentumLayout }
    public var momentumBuffersLayout: ParameterLayout? { contrastive.momentumBuffers }
    public var frozen: Set<String> { contrastive.encoder.frozen }

    public var stepFLOPs: Double { (lambda > 0 ? contrastive.stepFLOPs : 0) + (lambda < 1 ? masked.stepFLOPs : 0) }
    /// The gradients of each loss are kept apart beside their sum.
    public var gradientCopies: Int { lambda > 0 && lambda < 1 ? 3 : 1 }
    /// Both queries are kept until the way back.
    public var keptPasses: Int { 2 }
    /// The angle between the gradients is that of those of all ranks.
    public var sumsGradients: Bool { lambda > 0 && lambda < 1 }

    public func initialState(seed: UInt64) -> NetworkState {
        var initializer = Initializer(layout, seed: seed)
        initializer.initialize(contrastive.encoder, recipe)
        contrastive.initialize(&initializer)
        masked.initialize(&initializer, recipe.initialization)
        return contrastive.state(initializer.weights, buffers: buffers)
    }

    /// Metrics: `loss`, `loss_simmim`, `loss_moco`, and `gradient_cosine`, the cosine of the angle between the two
    /// gradients at the shared encoder. A half whose weight is 0 is not computed.
    public func step(
        _ batch: Batch, state: inout NetworkState, gradients: inout ParameterBuffer, _ context: StepContext
    ) -> [Metric] {
        guard lambda < 1 else {
            let loss = contrast(batch, &state, &gradients, context)
            return [Metric("loss", loss), Metric("loss_moco", loss)]
        }
        guard lambda > 0 else {
            let loss = reconstruct(batch, state, &gradients, context)
            return [Metric("loss", loss), Metric("loss_simmim", loss)]
        }
        // Apart, so that their angle can be measured.
        var own = ParameterBuffer(layout), other = ParameterBuffer(layout)
        let isAlone = context.ranks.size == 1
        let sums = isAlone ? [] : [gradientSum(context.ranks), gradientSum(context.ranks)]
        var context = context
        context.sum = sums.first
        let lossMoCo = contrast(batch, &state, &own, context)
        sums.first?.finished(own)
        context.sum = sums.last
        let lossSimMIM = reconstruct(batch, state, &other, context)
        sums.last?.finished(other)
        sums.first?.replace(&own)
        sums.last?.replace(&other)
        let shared = contrastive.encoder.parameters
        let lengths = (own.dot(own, over: shared) * other.dot(other, over: shared)).squareRoot()
        let cosine = lengths > 0 ? own.dot(other, over: shared) / lengths : 0
        gradients.add(own)
        gradients.add(other)
        return [
            Metric("loss", (1 - lambda) * lossSimMIM + lambda * lossMoCo), Metric("loss_simmim", lossSimMIM),
            Metric("loss_moco", lossMoCo), Metric("gradient_cosine", cosine),
        ]
    }

    private func contrast(
        _ batch: Batch, _ state: inout NetworkState, _ gradients: inout ParameterBuffer, _ context: StepContext
    ) -> Double {
        contrastive.step(
            batch.views, state: &state, gradients: &gradients, scale: Float(lambda) * context.gradientScale, context)
    }

    private func reconstruct(
        _ batch: Batch, _ state: NetworkState, _ gradients: inout ParameterBuffer, _ context: StepContext
    ) -> Double {
        guard let view = batch.views.last, let mask = batch.mask else {
            preconditionFailure("the hybrid takes a masked view")
        }
        return masked.step(
            view, mask: mask, weights: state.weights, gradients: &gradients,
            scale: Float(1 - lambda) * context.gradientScale, context)
    }
}
