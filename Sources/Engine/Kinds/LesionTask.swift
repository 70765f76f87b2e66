import Analysis
import Catalogue
import JSON
import Models

extension AnalysisKind {
    public static let lesion: AnalysisKind = {
        let parts = DeclaredParameter.choice(
            "parts", default: LesionTask.Parts.both, echo: false, "Which branches are left out, one at a time.")
        let fraction = DeclaredParameter.trainFraction, seed = DeclaredParameter.seed
        let spec = AnalysisSpec(
            "lesion", group: .interventions, title: "Lesion study",
            summary: "Accuracy without one attention or one MLP",
            reading: "Accuracy lost with one attention or one MLP left out: how much the model depends on it.",
            cost: "One pass of each image for each branch that is left out, and one without a lesion.",
            parameters: [parts, fraction, seed, DeclaredParameter.convention], images: .labelled)
        return AnalysisKind(spec) { values, subjects in
            LesionTask(
                model: subjects.model, parts: values[parts], trainFraction: values[fraction], seed: values.seed)
        }
    }()
}

/// What the loss of one branch of one block costs in accuracy (Veit et al. 2016, Bhojanapalli et al. 2021).
struct LesionTask: AnalysisTask {
    enum Parts: String, Sendable, CaseIterable {
        case attn, mlp, both

        var names: [String] { self == .both ? ["attn", "mlp"] : [rawValue] }
    }

    let model: NamedModel
    let parts: Parts
    let trainFraction: Double
    let seed: UInt64

    var models: [NamedModel] { [model] }
    var passes: Int { 1 + parts.names.count * model.model.config.depth }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let config = model.model.config, cost = ForwardCost(config)
        let probe = try AccuracyProbe(model.model, context.images, trainFraction: trainFraction, seed: seed)
        let lesions: [ResidualBranch] = parts.names.flatMap { name in
            (0..<config.depth).map { name == "attn" ? .attention($0) : .mlp($0) }
        }
        let bytes = saturatingSum(
            cost.bytes(images: context.images.count), probe.bytes(variants: lesions.count + 1))
        let hits = try await context.admitted(
            bytes: bytes, alternative: "Ask for fewer images, or for parts=attn and parts=mlp one after the other."
        ) { slices in
            try await probe.hits(variants: lesions.count + 1, context, slices) { variant, batch in
                try probe.read(batch, skipping: variant == 0 ? [] : [lesions[variant - 1]])
            }
        }
        let changes = AccuracyChanges(hits)
        func byPart(_ numbers: [Double?]) -> JSONValue {
            .numbers(numbers, by: ["part", "layer"], shape: [parts.names.count, config.depth])
        }
        let places = (0..<config.depth).map { config.depth > 1 ? Double($0) / Double(config.depth - 1) : 0 }
        return AnalysisAnswer(
            fields: [
                ("parts", .strings(parts.names)), ("layers", .ints(Array(0..<config.depth))),
            ] + probe.fields + [
                (
                    "normalized_depth",
                    .array(NamedArray(shape: [config.depth], axes: ["layer"], numbers: .float64(places)))
                ),
                ("clean_accuracy", .double(changes.clean.mean ?? .nan)),
                ("clean_accuracy_sem", .double(changes.clean.standardError ?? .nan)),
                ("accuracy", byPart(changes.accuracy.map(\.mean))),
                ("accuracy_change", byPart(changes.change.map(\.mean))),
                ("accuracy_change_sem", byPart(changes.change.map(\.standardError))),
            ], mainField: "accuracy_change",
            reasons: probe.reasons(
                changes, ["accuracy", "accuracy_change", "accuracy_change_sem"], variants: "lesions"),
            figures: [
                ResultFigure(
                    .lines, "accuracy_change", title: "Accuracy lost with one branch", x: "normalized_depth",
                    series: "parts", band: "accuracy_change_sem", xLabel: "Normalized depth",
                    yLabel: "Change of accuracy")
            ])
    }
}
