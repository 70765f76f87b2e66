import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let gradientRollout: AnalysisKind = {
        let target = DeclaredParameter.choice(
            "target", of: GradientRolloutTask.Target.self,
            "The score: a class's logit, or half the squared length of the pooled tokens. Without it `class` where the "
                + "model has a classifier.")
        let place = DeclaredParameter<Int?>.integer(
            "class", in: 0...1_000_000, "Index of the class; without it that with the largest logit.")
        let ratio = DeclaredParameter.number(
            "discard_ratio", in: 0...1, default: 0.9, "Share of the weakest attention that is dropped.")
        let spec = AnalysisSpec(
            "gradient-rollout", group: .attention, title: "Gradient rollout",
            summary: "Attention rollout of maps weighted by the gradient of a score",
            reading: "Which patches speak for a class, or for the features, through the attention of all blocks.",
            cost: "About three passes of each image, one image at a time.",
            parameters: [target, place, ratio, DeclaredParameter.convention], givesMaps: true,
            pathBelowModel: "attention/gradient-rollout")
        return AnalysisKind(spec) { values, subjects in
            let model = subjects.model, config = model.model.config
            if let reason = TrainableViT.lacksGradients(config) {
                values.add("model", "“\(model.name)” has no gradients here: \(reason).")
                return nil
            }
            let asked = values[target] ?? (config.numClasses > 0 && config.attnPool == nil ? .class : .feature)
            values.resolve(target, to: .string(asked.rawValue), canonical: asked.rawValue)
            if asked == .class {
                if config.numClasses == 0 {
                    values.add(target, "“\(model.name)” has no classifier; write feature.")
                } else if config.attnPool != nil {
                    values.add(
                        target,
                        "The classifier of “\(model.name)” reads a pooling by attention, which has no gradients here; "
                            + "write feature.")
                } else if let index = values[place], index >= config.numClasses {
                    values.add(
                        place,
                        "Class \(index) does not exist: this model has \(config.numClasses), so write 0 to "
                            + "\(config.numClasses - 1).")
                }
            } else if values.isGiven(place) {
                values.add(place, "target=feature has no class; leave class out, or write target=class.")
            }
            do throws(AnalysisError) {
                let rollout = try GradientRollout(
                    layout: TokenLayout(config), discardRatio: values[ratio], convention: values[.convention])
                return GradientRolloutTask(
                    model: model, rollout: rollout, target: asked, place: values[place], images: subjects.images)
            } catch {
                values.add(ratio, ServiceError.sentence(error.message))
                return nil
            }
        }
    }()
}

/// Attention rollout of maps weighted by the gradient of a score (docs/science.md#gradient-rollout).
struct GradientRolloutTask: AnalysisTask {
    /// Whose gradient is taken. Raw values are those of the parameter `target`.
    enum Target: String, Sendable, CaseIterable {
        /// A logit of the model's own classifier.
        case `class`
        /// Half the squared length of the pooled tokens.
        case feature
    }

    private let model: NamedModel
    private let rollout: GradientRollout
    private let target: Target
    /// The class; nil for that with the largest logit.
    private let place: Int?
    private let images: Int

    var models: [NamedModel] { [model] }
    var mapSize: MapSize? { MapSize(maps: 1, numbers: model.model.config.grid.count) }
    /// The way back takes about twice the time of the way forward, and both are written for training.
    var secondsBeside: Double { Double(images) * model.model.config.forwardFLOPs * 4 / 5e10 }

    init(model: NamedModel, rollout: GradientRollout, target: Target, place: Int?, images: Int) {
        self.model = model
        self.rollout = rollout
        self.target = target
        self.place = place
        self.images = images
    }

    /// What the way back keeps of an image, bytes: about fourteen streams, four hidden layers and four maps a block.
    private var bytesPerImage: Int {
        let config = model.model.config
        let streams = saturatingProduct(
            config.numTokens, saturatingSum(14 * config.embedDim, saturatingProduct(4, config.mlpHidden)))
        let maps = saturatingProduct(4, config.numHeads, config.numTokens, config.numTokens)
        return saturatingProduct(4, config.depth, saturatingSum(streams, maps))
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let config = model.model.config, cost = ForwardCost(config), extra = bytesPerImage
        // The weights, their gradients, and the checkpoint they are read from.
        let weights = saturatingProduct(model.model.parameterCount, 12)
        let bytes = saturatingSum(weights, cost.bytes(images: context.images.count, extraBytesPerImage: extra))
        let parts = try await context.admitted(bytes: bytes, alternative: "Ask for a smaller model.") { slices in
            let trainable = try await slices.run { _ in
                try TrainableWeights(model, try context.network(of: model.model))
            }
            return try await context.forEachBatch(
                of: Array(context.images.indices), model: model.model,
                batchSize: 1, slices
            ) { batch in
                let found = try context.time.measure("gradients") {
                    try trainable.network.attentionGradients(
                        batch.pixels, of: target == .class ? .logit(place) : .featureNorm,
                        weights: trainable.weights, layout: trainable.layout, pool: batch.pool
                    ) { try batch.checkCancellation() }
                }
                let maps = rollout.rollout(found.attentions, gradients: found.gradients, pool: batch.pool)
                return (maps, found.scores, found.classes)
            }
        }
        let maps = Tensor.concatenating(parts.map(\.0)), scores = parts.flatMap(\.1)
        let classes = parts.flatMap(\.2)
        let array = NamedArray(shape: maps.shape, axes: ["image", "key_row", "key_col"], numbers: .float32(maps))
        return AnalysisAnswer(
            fields: [
                ("layers", .ints(Array(0..<config.depth))),
                ("classes", .list(classes.map { .optional($0) })),
                (
                    "scores",
                    .array(NamedArray(shape: [scores.count], axes: ["image"], numbers: .float64(scores)))
                ),
                ("axes", .strings(array.axes)),
                ("shape", .ints(array.shape)),
                ("rollout", .array(array)),
            ], mainField: "rollout", reasons: reasons(maps, scores, classes),
            figures: [ResultFigure(.maps, "rollout", title: "gradient rollout")])
    }

    /// A map of zeros says nothing about its image, and one of NaN even less.
    private func reasons(_ maps: Tensor, _ scores: [Double], _ classes: [Int?]) -> [Reason] {
        var reasons = Reason.maps(
            maps, "rollout", zero: "No attention to a patch speaks for this score, so the map is all zeros.")
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
