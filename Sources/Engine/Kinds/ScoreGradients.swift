import Analysis
import Catalogue
import JSON
import Models
import Platform
import Tensors

/// Maps of attention and the gradients of a score at them, image by image: what gradient rollout and relevance read.
struct ScoreGradients: Sendable {
    let model: NamedModel
    let score: TrainableViT.Score

    /// The way back takes about twice the time of the way forward, and both are written for training.
    func secondsBeside(images: Int) -> Double { Double(images) * model.model.config.forwardFLOPs * 4 / 5e10 }

    /// What one image came to.
    struct Part<Maps: Sendable>: Sendable {
        let maps: Maps
        let scores: [Double]
        let classes: [Int?]
    }

    /// What the way back keeps of an image, bytes: about fourteen streams, four hidden layers and four maps a block.
    private var bytesPerImage: Int {
        let config = model.model.config
        let streams = saturatingProduct(
            config.numTokens, saturatingSum(14 * config.embedDim, saturatingProduct(4, config.mlpHidden)))
        let maps = saturatingProduct(4, config.numHeads, config.numTokens, config.numTokens)
        return saturatingProduct(4, config.depth, saturatingSum(streams, maps))
    }

    /// Takes every image forward and back, one at a time.
    ///
    /// - Parameter look: makes maps of what was found, (1, …).
    func read<Maps: Sendable>(
        _ context: AnalysisContext,
        look: @escaping @Sendable (TrainableViT.AttentionGradients, ThreadPool) -> Maps
    ) async throws -> [Part<Maps>] {
        let cost = ForwardCost(model.model.config), extra = bytesPerImage
        // The weights, their gradients, and the checkpoint they are read from.
        let weights = saturatingProduct(model.model.parameterCount, 12)
        let bytes = saturatingSum(weights, cost.bytes(images: context.images.count, extraBytesPerImage: extra))
        return try await context.admitted(bytes: bytes, alternative: "Ask for a smaller model.") { slices in
            let trainable = try await slices.run { _ in
                try TrainableWeights(model, try context.network(of: model.model))
            }
            return try await context.forEachBatch(
                of: Array(context.images.indices), model: model.model, batchSize: 1, slices
            ) { batch in
                let found = try context.time.measure("gradients") {
                    try trainable.network.attentionGradients(
                        batch.pixels, of: score, weights: trainable.weights, layout: trainable.layout,
                        pool: batch.pool
                    ) { try batch.checkCancellation() }
                }
                return Part(maps: look(found, batch.pool), scores: found.scores, classes: found.classes)
            }
        }
    }

    /// The score of each image and the class it is of.
    static func fields(_ scores: [Double], _ classes: [Int?]) -> [AnalysisResult.Field] {
        [
            ("classes", .list(classes.map { .optional($0) })),
            ("scores", .array(NamedArray(shape: [scores.count], axes: ["image"], numbers: .float64(scores)))),
        ]
    }

    /// Why there is no class or no score.
    static func reasons(_ scores: [Double], _ classes: [Int?]) -> [Reason] {
        var reasons: [Reason] = []
        if classes.contains(nil) {
            reasons.append(
                Reason(
                    pointer: "/classes",
                    reason: "Where there is no class, the logits are not finite, so none of them is the largest."))
        }
        if scores.contains(where: { !$0.isFinite }) {
            reasons.append(Reason(pointer: "/scores", reason: "Where there is no number, the score is not finite."))
        }
        return reasons
    }
}
