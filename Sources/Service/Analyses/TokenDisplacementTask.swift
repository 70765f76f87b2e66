import Analysis
import JSON
import Models
import Tensors

/// How self-attention moves tokens: numbers over all images, and both clouds of the first image (science: B.5,
/// figure 6).
struct TokenDisplacementTask: AnalysisTask {
    private let numbers: ImageMeasureTask<TokenDisplacementMeasure>
    /// Whose clouds are shown.
    private let layer: Int
    private let dimensions: Int

    var models: [NamedModel] { numbers.models }
    var turnKey: String? { nil }
    var canonical: [String] { numbers.canonical + ["layer \(layer)", "dimensions \(dimensions)"] }

    static func read(_ parameters: inout ParameterReader, _ model: NamedModel) -> TokenDisplacementTask? {
        let convention = parameters.choice("convention", default: Convention.corrected), config = model.model.config
        let layers = parameters.resolved("layers", default: .all, count: config.depth, noun: "layer")
        let last = IndexSelection("-1") ?? .all
        let shown = parameters.resolved("layer", default: last, count: config.depth, noun: "layer")
        let dimensions = parameters.integer("dimensions", in: 2...3) ?? 2
        if let shown, shown.count != 1 { parameters.add("layer", "The clouds of one layer are shown; name one.") }
        guard let layers, let layer = shown?.first else { return nil }
        return TokenDisplacementTask(
            numbers: ImageMeasureTask(
                model: model,
                measure: TokenDisplacementMeasure(layers: layers, convention: convention, layout: TokenLayout(config))),
            layer: layer, dimensions: dimensions)
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let clouds = try await clouds(context)
        var answer = try await numbers.answer(context)
        let layout = numbers.measure.layout, count = layout.grid.count
        let points = clouds.map { DoubleMatrix.stacking([$0.before, $0.after]) }
        answer.fields += [
            ("layer", .int(layer)), ("clouds_image", .string(context.images[0].ref)),
            ("clouds", .strings((0..<2 * count).map { $0 < count ? "before" : "after" })),
            (
                "points",
                .array(
                    NamedArray(
                        shape: [2 * count, points?.cols ?? dimensions], axes: ["point", "dimension"],
                        numbers: .float64(
                            points?.values ?? [Double](repeating: .nan, count: 2 * count * dimensions))))
            ),
        ]
        if points == nil {
            answer.reasons.append(
                Reason(pointer: "/points", reason: "The tokens of this layer hold numbers that are not finite."))
        }
        answer.figures.append(
            ResultFigure(
                .scatter, "points", title: "tokens before and after the attention of block \(layer)", series: "clouds",
                xLabel: "first direction", yLabel: "second direction"))
        return answer
    }

    private func clouds(_ context: AnalysisContext) async throws -> (before: DoubleMatrix, after: DoubleMatrix)? {
        let model = numbers.model.model, patches = numbers.measure.layout.patches
        let layer = layer, dimensions = dimensions
        let bytes = ForwardCost(model.config).bytes(images: 1)
        return try await context.admitted(bytes: bytes, alternative: "Ask for a smaller model.") { slices in
            try await context.forEachBatch(of: [0], model: model, batchSize: 1, slices) {
                batch -> (before: DoubleMatrix, after: DoubleMatrix)? in
                var seen = Intermediates()
                try batch.forward(TokenDisplacementMeasure.request([layer])) { seen.add($0) }
                guard let before = seen.hiddenStates[layer], let after = seen.attentionResiduals[layer] else {
                    return nil
                }
                return TokenDisplacement.clouds(
                    before: DoubleMatrix(tokens: before, in: patches), after: DoubleMatrix(tokens: after, in: patches),
                    dimensions: dimensions)
            }.first ?? nil
        }
    }
}
