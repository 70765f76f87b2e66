import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let tokenDisplacement: AnalysisKind = {
        let layers = DeclaredParameter.layers
        let layer = DeclaredParameter.indices(
            "layer", default: "-1", "The block whose clouds are shown; -1 is the last.")
        let dimensions = DeclaredParameter.dimensions
        let spec = AnalysisSpec(
            "token-displacement", group: .representation, title: "Displacement of tokens",
            summary: "How self-attention moves the tokens of an image",
            reading: "How attention moves the tokens of an image: all the same way (1) or each its own.",
            parameters: [layers, layer, dimensions, DeclaredParameter.convention])
        return AnalysisKind(spec) { values, subjects in
            let config = subjects.model.model.config
            let blocks = values.blocks(subjects.model, layers)
            let shown = values.indices(layer, count: config.depth, noun: "layer")
            if let shown, shown.count != 1 { values.add(layer, "The clouds of one layer are shown; name one.") }
            guard let blocks, let block = shown?.first else { return nil }
            values.resolve(layer, to: .int(block), canonical: "\(block)")
            return TokenDisplacementTask(
                numbers: ImageMeasureTask(
                    model: subjects.model,
                    measure: TokenDisplacementMeasure(
                        layers: blocks, layout: TokenLayout(config), width: config.embedDim)),
                layer: block, dimensions: values[dimensions])
        }
    }()
}

extension DeclaredParameter<Int> {
    static let dimensions = integer("dimensions", in: 2...3, default: 2, "Of the points: 2 or 3.")
}

/// How self-attention moves tokens: numbers over all images, and both clouds of the first image (docs/science.md#token-displacement,
/// figure 6).
struct TokenDisplacementTask: AnalysisTask {
    let numbers: ImageMeasureTask<TokenDisplacementMeasure>
    /// Whose clouds are shown.
    let layer: Int
    let dimensions: Int

    var models: [NamedModel] { numbers.models }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let clouds = try await clouds(context)
        var answer = try await numbers.answer(context)
        let layout = numbers.measure.layout, count = layout.grid.count
        let points = clouds.map { DoubleMatrix.stacking([$0.before, $0.after]) }
        answer.fields += [
            ("clouds_image", .string(context.images[0].ref)),
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
        let bytes = ForwardCost(
            model.config, keeping: TokenDisplacementMeasure.request([layer]), work: numbers.measure.workBytesPerImage
        ).bytes(images: 1)
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
