import Models
import Tensors

/// What a step of training costs in floating-point operations of products, an image: a multiplication and an addition
/// count as two. Backward is twice forward, but nothing flows to the pixels or into frozen weights.
public protocol StepCost: Sendable {
    /// Operations of a step on one image, or on one pair of views.
    var stepFLOPs: Double { get }
}

extension TrainableViT {
    /// One view forward and back.
    ///
    /// - Parameter visible: patches that the encoder sees; nil for all.
    func trainingFLOPs(visible: Int? = nil) -> Double {
        let patch = config.patchFLOPs * (freezing.patchEmbed ? 1 : 2)
        return patch + 3 * config.blockFLOPs(tokens: visible.map { $0 + config.numPrefixTokens })
    }
}

extension ProjectionHead {
    /// One image forward.
    var forwardFLOPs: Double { parameters.filter { $0.shape.count == 2 }.reduce(0) { $0 + 2 * Double($1.count) } }
}

extension ContrastiveBranch {
    /// Two queries forward and back, two keys forward.
    var stepFLOPs: Double {
        let heads = 3 * (projector.forwardFLOPs + predictor.forwardFLOPs) + projector.forwardFLOPs
        return 2 * (encoder.trainingFLOPs() + encoder.config.forwardFLOPs + heads)
    }
}

extension MaskedBranch {
    /// One view forward and back.
    var stepFLOPs: Double {
        encoder.trainingFLOPs() + 6 * Double(encoder.config.grid.count) * Double(decoder.weight.count)
    }
}
