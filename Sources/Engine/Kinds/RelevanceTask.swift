import Analysis
import Catalogue
import JSON
import Models
import Platform
import Tensors

extension AnalysisKind {
    public static let relevance: AnalysisKind = {
        let place = DeclaredParameter<Int?>.integer(
            "class", in: 0...1_000_000, "Index of the class; without it that with the largest logit.")
        let spec = AnalysisSpec(
            "relevance", group: .attention, title: "Relevance",
            summary: "Which patches speak for a class, beside attention rollout",
            reading:
                "Relevance asks what attention did for this class, rollout only where attention came from: where both "
                + "agree, the class rests on what the model looks at anyway.",
            cost: "About three passes of each image, one image at a time.",
            parameters: [place], givesMaps: true, pathBelowModel: "attention/relevance")
        return AnalysisKind(spec) { values, subjects in
            let model = subjects.model, config = model.model.config
            if config.numClasses == 0 {
                values.add(
                    "model",
                    "“\(model.name)” has no classifier, so there is no class to be relevant for. Load a fine-tuned "
                        + "checkpoint, or ask for attention/gradient-rollout with target=feature.")
            } else if config.attnPool != nil {
                values.add(
                    "model",
                    "The classifier of “\(model.name)” reads a pooling by attention, which has no gradients here; ask for "
                        + "attention/gradient-rollout with target=feature.")
            } else if let reason = TrainableViT.lacksGradients(config) {
                values.add("model", "“\(model.name)” has no gradients here: \(reason).")
            } else if let index = values[place], index >= config.numClasses {
                values.add(
                    place,
                    "Class \(index) does not exist: this model has \(config.numClasses), so write 0 to "
                        + "\(config.numClasses - 1).")
            } else {
                return try? RelevanceTask(model: model, place: values[place], images: subjects.images)
            }
            return nil
        }
    }()
}

/// Relevance for a class and attention rollout side by side (docs/science.md#relevance).
struct RelevanceTask: AnalysisTask {
    private static let methods = ["relevance", "rollout"]

    private let gradients: ScoreGradients
    private let relevance: Relevance
    private let rollout: AttentionRollout
    private let images: Int

    var models: [NamedModel] { [gradients.model] }
    var mapSize: MapSize? { MapSize(maps: 2, numbers: saturatingProduct(2, gradients.model.model.config.grid.count)) }
    var secondsBeside: Double { gradients.secondsBeside(images: images) }

    /// - Parameter place: the class; nil for that with the largest logit.
    init(model: NamedModel, place: Int?, images: Int) throws(AnalysisError) {
        let config = model.model.config, layout = TokenLayout(config)
        gradients = ScoreGradients(model: model, score: .logit(place))
        relevance = Relevance(layout: layout, pool: config.globalPool)
        rollout = try AttentionRollout(layout: layout, discardRatio: 0)
        self.images = images
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let relevance = relevance, start = rollout
        let parts = try await gradients.read(context) { found, pool in
            var rollout = start
            for attention in found.attentions { rollout.add(attention, pool: pool) }
            let maps = relevance.maps(found.attentions, gradients: found.gradients, pool: pool)
            return Tensor.stacking([maps.part(0), rollout.rollout.part(0)])
        }
        let maps = Tensor.stacking(parts.map(\.maps)), scores = parts.flatMap(\.scores)
        let classes = parts.flatMap(\.classes)
        return AnalysisAnswer(
            fields: [("methods", .strings(Self.methods))] + ScoreGradients.fields(scores, classes) + [
                (
                    "maps",
                    .array(
                        NamedArray(
                            shape: maps.shape, axes: ["image", "method", "key_row", "key_col"],
                            numbers: .float32(maps)))
                )
            ], mainField: "maps", reasons: reasons(maps) + ScoreGradients.reasons(scores, classes),
            figures: [ResultFigure(.maps, "maps", title: "relevance and rollout", x: "methods")])
    }

    /// - Parameter maps: (images, methods, rows, cols).
    private func reasons(_ maps: Tensor) -> [Reason] {
        var reasons: [Reason] = []
        if !maps.isFinite {
            reasons.append(
                Reason(
                    pointer: "/maps",
                    reason: "Where there is no number, the attention, or the gradients at it, are not finite."))
        }
        let silent = (0..<maps.shape[0]).filter { image in
            maps.part(image).part(0).array.allSatisfy { $0 == 0 }
        }
        reasons += silent.prefix(16).map {
            Reason(
                pointer: "/maps/\($0)/0",
                reason: "No attention to a patch speaks for this class, so the relevance is all zeros.")
        }
        return reasons
    }
}
