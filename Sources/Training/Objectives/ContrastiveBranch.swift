import Foundation
import Models
import Platform
import Tensors

/// The contrastive half of a step: two views, queries of the base encoder, keys of the momentum encoder.
struct ContrastiveBranch: Sendable {
    let encoder: TrainableViT
    let projector: ProjectionHead
    let predictor: ProjectionHead
    let config: MoCoV3Config
    /// The first places of the layout: encoder and projector.
    let momentumLayout: ParameterLayout
    /// The first places of the running statistics: the projector's.
    let momentumBuffers: ParameterLayout

    /// The encoder must be the only one in `layout` so far.
    init(
        encoder: TrainableViT, config: MoCoV3Config, in layout: inout ParameterLayout, buffers: inout ParameterLayout
    ) {
        let width = encoder.config.embedDim
        self.encoder = encoder
        self.config = config
        projector = ProjectionHead(
            "projector", widths: [width, config.mlpDim, config.mlpDim, config.dim], in: &layout, buffers: &buffers)
        momentumLayout = layout
        momentumBuffers = buffers
        predictor = ProjectionHead(
            "predictor", widths: [config.dim, config.mlpDim, config.dim], in: &layout, buffers: &buffers)
    }

    func initialize(_ initializer: inout Initializer) {
        projector.initialize(&initializer)
        predictor.initialize(&initializer)
    }

    /// The state around `weights`: running statistics at their beginning, the momentum encoder a copy.
    func state(_ weights: ParameterBuffer, buffers layout: ParameterLayout) -> NetworkState {
        var buffers = ParameterBuffer(layout), momentumBuffers = ParameterBuffer(momentumBuffers)
        projector.initialize(&buffers)
        predictor.initialize(&buffers)
        projector.initialize(&momentumBuffers)
        return NetworkState(
            weights: weights, buffers: buffers, momentumWeights: ParameterBuffer(momentumLayout, copying: weights),
            momentumBuffers: momentumBuffers)
    }

    /// How far the momentum encoder stays where it is, after so many epochs: 1 − ½(1 + cos(π·e/E))(1 − m₀).
    static func momentum(_ config: MoCoV3Config, epoch: Double, epochs: Double) -> Double {
        guard config.momentumSchedule else { return config.momentum }
        return 1 - 0.5 * (1 + cos(.pi * epoch / epochs)) * (1 - config.momentum)
    }

    /// The loss of two views, (batch, 3, height, width) each; adds the gradients of `scale` times it.
    func step(
        _ views: [Tensor], state: inout NetworkState, gradients: inout ParameterBuffer, scale: Float,
        _ context: StepContext
    ) -> Double {
        let queries = views.prefix(2).enumerated().map { number, view in
            query(view, number, weights: state.weights, buffers: &state.buffers, context)
        }
        guard var momentumWeights = state.momentumWeights, var momentumBuffers = state.momentumBuffers else {
            preconditionFailure("a contrastive objective has a momentum encoder")
        }
        // Released, so that moving does not copy.
        state.momentumWeights = nil
        state.momentumBuffers = nil
        if context.part == 0 {
            let momentum = Self.momentum(config, epoch: context.epoch, epochs: context.epochs)
            momentumWeights.moveTowards(state.weights, momentum: momentum, pool: context.pool)
        }
        let keys = views.prefix(2).enumerated().map { number, view in
            let output = encoder.forward(
                view, weights: momentumWeights, random: context.random("momentum", number), slots: context.slots,
                keepsActivations: false, pool: context.pool
            ).output
            let pass = TrainingPass(weights: momentumWeights, pool: context.pool, ranks: context.ranks)
            return projector.forward(output.token(0), pass, buffers: &momentumBuffers).output
        }
        state.momentumWeights = momentumWeights
        state.momentumBuffers = momentumBuffers
        var loss = 0.0
        for number in 0..<2 {
            let one = ContrastiveLoss.forward(
                q: queries[number].predicted.output, k: keys[1 - number], temperature: config.temperature,
                scale: scale, pool: context.pool, ranks: context.ranks)
            loss += one.loss
            backward(
                queries[number], dQuery: one.dQ, weights: state.weights, gradients: &gradients,
                sum: number == 1 ? context.sum : nil, context)
        }
        return context.ranks.sum(loss)
    }

    /// One view on its way to a query.
    private struct Query {
        let encoded: TrainableViT.Activations
        let projected: ProjectionHead.Activations
        let predicted: ProjectionHead.Activations
        let tokens: Int
    }

    private func query(
        _ view: Tensor, _ number: Int, weights: ParameterBuffer, buffers: inout ParameterBuffer,
        _ context: StepContext
    ) -> Query {
        let encoded = encoder.forward(
            view, weights: weights, random: context.random("contrastive", number), slots: context.slots,
            pool: context.pool)
        let pass = TrainingPass(weights: weights, pool: context.pool, ranks: context.ranks)
        let projected = projector.forward(encoded.output.token(0), pass, buffers: &buffers)
        let predicted = predictor.forward(projected.output, pass, buffers: &buffers)
        return Query(
            encoded: encoded, projected: projected, predicted: predicted, tokens: encoded.output.shape[1])
    }

    private func backward(
        _ query: Query, dQuery: Tensor, weights: ParameterBuffer, gradients: inout ParameterBuffer,
        sum: GradientSum?, _ context: StepContext
    ) {
        let pass = TrainingPass(weights: weights, pool: context.pool)
        let dProjected = predictor.backward(query.predicted, dOutput: dQuery, pass, gradients: &gradients)
        let dToken = projector.backward(query.projected, dOutput: dProjected, pass, gradients: &gradients)
        let (batch, width) = (dToken.shape[0], dToken.shape[1])
        var dOutput = Tensor.zeros([batch, query.tokens, width])
        dOutput.addTokens(dToken.reshaped([batch, 1, width]), from: 0)
        encoder.backward(
            query.encoded, dOutput: dOutput, weights: weights, gradients: &gradients, sum: sum, pool: context.pool)
    }
}
