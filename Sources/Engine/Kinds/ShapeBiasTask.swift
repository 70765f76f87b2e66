import Analysis
import Catalogue
import Images
import JSON
import Models
import Tensors
import Training

extension AnalysisKind {
    public static let shapeBias: AnalysisKind = {
        let train = DeclaredParameter.choice(
            "train", default: ShapeBiasTask.Train.matched,
            "What the classifier is fitted to: drawn images whose shape and texture agree.")
        let pool = DeclaredParameter.choice(
            "pool", default: ShapeBiasTask.Pool.patchMean,
            "What stands for an image when a classifier is fitted; the model's own head reads what it always does.")
        let count = DeclaredParameter.integer(
            "n_train", in: 20...20_000, default: 1000, echo: false,
            "Images that the classifier is fitted to; none where the model's own head decides.")
        let spec = AnalysisSpec(
            "shape-bias", group: .interventions, title: "Shape bias",
            summary: "Decisions by shape and by texture on cue-conflict images",
            reading: "Decisions by shape rather than texture, on images whose cues conflict (shapes-textures does). "
                + "Contrastive models go by shape, masked ones by texture.",
            cost: "One pass of each image, and of each image that the classifier is fitted to.",
            parameters: [train, count, pool, DeclaredParameter.convention], images: .cueConflict)
        return AnalysisKind(spec) { values, subjects in
            if values[pool] == .cls, !subjects.model.model.config.classToken {
                values.add(pool, "“\(subjects.model.name)” has no class token; write patch_mean.")
            }
            return ShapeBiasTask(
                model: subjects.model, train: values[train], trainCount: values[count], pool: values[pool],
                convention: values[.convention])
        }
    }()
}

/// Whether a model goes by shape or by texture where the two disagree (Geirhos et al. 2019; docs/science.md#shape-bias).
///
/// Cue-conflict images named `SHAPE<n>-TEXTURE<m>.png` go to a head of ImageNet's 1000 classes, through the sixteen
/// everyday classes. The drawn images of `shapes-textures` go to a linear classifier on the mean patch token, fitted to
/// others of them whose shape and texture agree.
struct ShapeBiasTask: AnalysisTask {
    /// What a linear classifier is fitted to.
    enum Train: String, Sendable, CaseIterable { case matched }

    /// What stands for an image. Raw values are those of the parameter `pool`.
    enum Pool: String, Sendable, CaseIterable {
        case patchMean = "patch_mean"
        case cls
    }

    let model: NamedModel
    let train: Train
    let trainCount: Int
    let pool: Pool
    let convention: Convention

    var models: [NamedModel] { [model] }

    /// Of the images that a classifier is fitted to: none of those that anybody asks about.
    private static let trainSeed: UInt64 = 3

    /// Drawing the images that a classifier is fitted to, and their passes; a head of ImageNet's classes needs none.
    var secondsBeside: Double {
        let config = model.model.config
        return config.numClasses == 1000 ? 0 : Double(trainCount) * (config.forwardFLOPs / 5e10 + 0.004)
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        var drawn: [(BuiltInDataset, Int)] = []
        for source in context.images {
            if case .builtIn(let dataset, let index) = source.origin { drawn.append((dataset, index)) }
        }
        if let dataset = drawn.first?.0, drawn.count == context.images.count {
            let cues = drawn.map { $0.0.cues(of: $0.1) }
            let decided = try await probed(context, dataset, labels: dataset.classes.count)
            let names = zip(ShapesTextures.shapeNames, ShapesTextures.textureNames).map { "\($0)/\($1)" }
            return answer(decided, cues, names, classifier: "linear-probe", fitted: trainCount)
        }
        let cues = try context.images.map { try Self.cues(of: $0) }
        guard model.model.config.numClasses == 1000 else {
            throw ServiceError.conflict(
                "These cue-conflict images need a head of ImageNet's 1000 classes, and “\(model.name)” has none. "
                    + "Ask about images of shapes-textures, for which a linear classifier is fitted.")
        }
        return answer(
            try await headed(context), cues, SixteenClasses.names, classifier: "head", fitted: 0)
    }

    /// The classes by a file's name.
    private static func cues(of source: ImageSource) throws(ServiceError) -> (shape: Int, texture: Int) {
        let stem = source.fileName.split(separator: ".").first ?? ""
        let words = stem.split(separator: "-").suffix(2).map { part in
            String(part.split(separator: "_").last ?? "").trimmingDigits.lowercased()
        }
        let numbers = words.compactMap { SixteenClasses.names.firstIndex(of: $0) }
        guard words.count == 2, numbers.count == 2 else {
            throw .conflict(
                "The name “\(source.fileName.shortened)” does not say which shape and texture it shows: "
                    + "call it SHAPE1-TEXTURE1.png, with two of \(SixteenClasses.names.joined(separator: ", ")).")
        }
        return (numbers[0], numbers[1])
    }

    /// What a linear classifier decides that saw shape and texture agree.
    private func probed(_ context: AnalysisContext, _ dataset: BuiltInDataset, labels: Int) async throws -> [Int?] {
        let matched = try dataset.matched(count: trainCount, seed: Self.trainSeed)
        let sources = (0..<trainCount).map { index in
            // Named by what decides the pixels: these are drawn for this question alone.
            let name = "matched:\(Self.trainSeed):\(trainCount):\(index)"
            return ImageSource(ref: name, sha256: name, origin: .builtIn(matched, index: index))
        }
        let fitting = AnalysisContext(
            engine: context.engine, images: sources, networks: context.networks, time: context.time, progress: nil,
            isUrgent: context.isUrgent)
        let config = model.model.config, cost = ForwardCost(config)
        let bytes = saturatingSum(
            cost.bytes(images: context.images.count + trainCount),
            saturatingProduct(context.images.count + trainCount, config.embedDim, 12))
        return try await context.admitted(bytes: bytes, alternative: "Ask for fewer images.") { slices in
            func features(_ context: AnalysisContext) async throws -> Tensor {
                .concatenating(
                    try await context.forEachBatch(
                        of: Array(context.images.indices), model: model.model, batchSize: cost.batchSize(), slices
                    ) { try pool == .cls ? $0.classToken(config) : $0.read(config, logits: false) })
            }
            let learned = try await features(fitting), asked = try await features(context)
            return try await slices.run { slice in
                FeatureProbe.decisions(
                    train: .init(features: [learned], labels: (0..<trainCount).map { matched.cues(of: $0).shape }),
                    on: [asked], classes: labels, pool: slice.pool)[0]
            }
        }
    }

    /// What the model's own head decides among the sixteen classes.
    private func headed(_ context: AnalysisContext) async throws -> [Int?] {
        let cost = ForwardCost(model.model.config)
        return try await context.admitted(
            bytes: cost.bytes(images: context.images.count), alternative: "Ask for fewer images."
        ) { slices in
            try await context.forEachBatch(
                of: Array(context.images.indices), model: model.model, batchSize: cost.batchSize(), slices
            ) { batch in
                var request = IntermediatesRequest(), decided: [Int?] = []
                request.logits = true
                try batch.forward(request) { intermediate in
                    guard case .logits(let logits) = intermediate else { return }
                    decided = (0..<logits.shape[0]).map { SixteenClasses.decision(logits.part($0).array) }
                }
                return decided
            }.flatMap { $0 }
        }
    }

    private func answer(
        _ decided: [Int?], _ cues: [(shape: Int, texture: Int)], _ names: [String], classifier: String, fitted: Int
    ) -> AnalysisAnswer {
        var decisions = CueDecisions(classes: names.count)
        for (decision, cue) in zip(decided, cues) {
            // Nothing is class −1; where an image is undecided, no count is told.
            decisions.add(decision: decision ?? -1, shape: cue.shape, texture: cue.texture)
        }
        let isDecided = !decided.contains(nil)
        func count(_ number: Int) -> JSONValue { isDecided ? .int(number) : .null }
        func share(_ number: Double?) -> JSONValue { .double(isDecided ? number ?? .nan : .nan) }
        // The published code divides by all images, those whose cues agree included.
        let all = convention == .reference ? decided.count : decided.count - decisions.discarded
        func byClass(_ numbers: [Double]) -> JSONValue {
            let told = isDecided ? numbers : numbers.map { _ in .nan }
            return .numbers(told, by: ["class"])
        }
        var answer = AnalysisAnswer(
            fields: [
                ("n_train", .int(fitted)), ("classifier", .string(classifier)),
                ("classes", .strings(names)), ("n_conflict", .int(decided.count - decisions.discarded)),
                ("n_discarded", .int(decisions.discarded)), ("n_shape", count(decisions.shapeCount)),
                ("n_texture", count(decisions.textureCount)), ("n_other", count(decisions.otherCount)),
                ("shape_fraction", share(Double(decisions.shapeCount) / Double(all))),
                ("texture_fraction", share(Double(decisions.textureCount) / Double(all))),
                ("shape_bias", share(decisions.shapeBias)),
                ("shape_bias_sem", share(decisions.standardError)),
                ("shape_decisions", byClass(decisions.shapes.map(Double.init))),
                ("texture_decisions", byClass(decisions.textures.map(Double.init))),
                ("other_decisions", byClass(decisions.others.map(Double.init))),
                ("shape_bias_by_class", byClass(decisions.classBias.map { $0 ?? .nan })),
            ], mainField: "shape_bias_by_class")
        if !isDecided {
            answer.reasons = Reason.undecided(
                ["n_shape", "n_texture", "n_other"].map { "/" + $0 } + Self.figures.map { "/" + $0 }, of: "images")
            return drawn(answer)
        }
        if all == 0 {
            answer.reasons += ["/shape_fraction", "/texture_fraction"].map {
                Reason(pointer: $0, reason: "Shape and texture agree in every image, so none of them was asked.")
            }
        }
        if decisions.shapeBias == nil {
            answer.reasons += ["/shape_bias", "/shape_bias_sem"].map {
                Reason(pointer: $0, reason: "No image with different cues was decided by its shape or its texture.")
            }
        }
        if decisions.classBias.contains(where: { $0 == nil }) {
            answer.reasons.append(
                Reason(
                    pointer: "/shape_bias_by_class",
                    reason: "Where a class has no number, none of its images was decided by shape or texture."))
        }
        return drawn(answer)
    }

    /// What is null where an image is undecided.
    private static let figures = [
        "shape_fraction", "texture_fraction", "shape_bias", "shape_bias_sem", "shape_decisions", "texture_decisions",
        "other_decisions", "shape_bias_by_class",
    ]

    private func drawn(_ answer: AnalysisAnswer) -> AnalysisAnswer {
        var answer = answer
        answer.figures = [
            ResultFigure(
                .lines, "shape_bias_by_class", title: "Shape bias", x: "classes", xLabel: "Class", yLabel: "Shape bias")
        ]
        return answer
    }
}

extension String {
    /// Without the digits at its end.
    fileprivate var trimmingDigits: String {
        var text = self
        while text.last?.isNumber == true { text.removeLast() }
        return text
    }
}
