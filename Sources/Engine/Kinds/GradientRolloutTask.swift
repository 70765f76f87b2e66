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

    private let gradients: ScoreGradients
    private let rollout: GradientRollout
    private let images: Int

    var models: [NamedModel] { [gradients.model] }
    var mapSize: MapSize? { MapSize(maps: 1, numbers: gradients.model.model.config.grid.count) }
    var secondsBeside: Double { gradients.secondsBeside(images: images) }

    /// - Parameter place: the class; nil for that with the largest logit.
    init(model: NamedModel, rollout: GradientRollout, target: Target, place: Int?, images: Int) {
        gradients = ScoreGradients(model: model, score: target == .class ? .logit(place) : .featureNorm)
        self.rollout = rollout
        self.images = images
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let rollout = rollout
        let parts = try await gradients.read(context) { found, pool in
            rollout.rollout(found.attentions, gradients: found.gradients, pool: pool)
        }
        let maps = Tensor.concatenating(parts.map(\.maps)), scores = parts.flatMap(\.scores)
        let classes = parts.flatMap(\.classes)
        let array = NamedArray(shape: maps.shape, axes: ["image", "key_row", "key_col"], numbers: .float32(maps))
        // A map of zeros says nothing about its image, and one of NaN even less.
        let reasons = Reason.maps(
            maps, "rollout", zero: "No attention to a patch speaks for this score, so the map is all zeros.")
        return AnalysisAnswer(
            fields: [("layers", .ints(Array(0..<gradients.model.model.config.depth)))]
                + ScoreGradients.fields(scores, classes) + [
                    ("axes", .strings(array.axes)),
                    ("shape", .ints(array.shape)),
                    ("rollout", .array(array)),
                ], mainField: "rollout", reasons: reasons + ScoreGradients.reasons(scores, classes),
            figures: [ResultFigure(.maps, "rollout", title: "gradient rollout")])
    }
}
