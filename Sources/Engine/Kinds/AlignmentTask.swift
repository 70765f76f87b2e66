import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let alignment: AnalysisKind = {
        let metric = DeclaredParameter.choice(
            "metric", default: Alignment.Metric.mutualKNN, "How layers are compared.")
        let tokens = DeclaredParameter.choice(
            "tokens", default: AlignmentTask.Tokens.patchMean, "What stands for an image.")
        let k = DeclaredParameter<Int?>.integer(
            "k", in: 1...1_000_000,
            "Neighbours that count, for the metrics that have some; without it 10, or one less than there are images.")
        let spec = AnalysisSpec(
            "alignment", group: .layers, title: "Alignment of layers",
            summary: "Shared neighbours, canonical correlation or Procrustes similarity of layers",
            reading: "Shared neighbours, canonical correlations or Procrustes similarity between layers of two models: "
                + "1 = alike, 0 = unrelated.",
            cost: "One pass of each image through each model, and a comparison of "
                + "each pair of layers.",
            parameters: [
                DeclaredParameter.layersA, DeclaredParameter.layersB, metric, k, tokens, DeclaredParameter.convention,
            ], models: 2)
        return AnalysisKind(spec) { values, subjects in
            let (a, b, images) = (subjects.model, subjects.b, subjects.images)
            let layersA = values.labels(.layersA, a), layersB = values.labels(.layersB, b)
            let features = values[tokens].features
            for model in [a, b] where (try? features.check(TokenLayout(model.model.config))) == nil {
                values.add(tokens, "“\(model.name)” has no class token; write patch_mean.")
            }
            if images < AlignmentTask.minimumImages {
                values.add(
                    "image",
                    "\(AlignmentTask.minimumImages) images at least are compared; give more, or a probe set.")
            }
            if let k = values[k], k >= images {
                values.add("k", "\(k) neighbours want more images than the \(images) there are.")
            }
            let neighbours = values[k] ?? max(1, min(10, images - 1))
            values.resolve(
                k, to: values[metric].hasNeighbours ? .int(neighbours) : .null,
                canonical: values[metric].hasNeighbours ? "\(neighbours)" : "")
            guard let layersA, let layersB else { return nil }
            return AlignmentTask(
                a: .init(model: a, layers: layersA), b: .init(model: b, layers: layersB), metric: values[metric],
                neighbours: neighbours, tokens: features, images: images)
        }
    }()
}

/// How alike the layers of two models represent the same images, by other measures than CKA (docs/science.md#alignment).
struct AlignmentTask: AnalysisTask {
    /// What stands for an image: images are compared, not patches.
    enum Tokens: String, Sendable, CaseIterable {
        case patchMean = "patch_mean"
        case cls

        var features: TokenFeatures { self == .cls ? .cls : .patchMean }
    }

    /// One of the two models.
    struct Side: Sendable {
        let model: NamedModel
        let layers: LayerLabels
    }

    static let minimumImages = 4

    let a: Side
    let b: Side
    let metric: Alignment.Metric
    let neighbours: Int
    let tokens: TokenFeatures
    let images: Int

    var models: [NamedModel] { [a.model, b.model] }
    var secondsBeside: Double {
        let n = Double(images)
        func layers(_ side: Side) -> Double { Double(side.layers.labels.count) }
        let d = Double(max(a.model.model.config.embedDim, b.model.model.config.embedDim))
        let pair = metric.hasNeighbours ? n * Double(neighbours) * 50 : n * d * d * 4
        return (layers(a) * layers(b) * pair + (layers(a) + layers(b)) * n * max(n, d) * d * 4) / 5e9
    }

    func need(images: Int) -> MemoryNeed? {
        MemoryNeed(
            bytes: saturatingSum(bytes(a, images), bytes(b, images)), alternative: "Ask for fewer images or layers.")
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let isSame = a.model.model.fingerprint == b.model.model.fingerprint
        let metric = metric, neighbours = neighbours
        let (left, right, similarity) = try await context.admitted(need(images: context.images.count)) { slices in
            let (left, right) = try await (sides(a, context, slices), sides(b, context, slices))
            let similarity = try await slices.run { slice in
                try left.map { row in
                    try right.map { column -> Double in
                        try slice.checkCancellation()
                        guard let row = row.side, let column = column.side else { return .nan }
                        return Alignment.similarity(row, column, metric: metric, pool: slice.pool) ?? .nan
                    }
                }
            }
            return (left, right, similarity)
        }
        var answer = AnalysisAnswer(
            fields: [
                ("a", a.model.field), ("b", b.model.field), ("is_same_model", .bool(isSame)),
                (
                    "similarity",
                    .array(
                        NamedArray(
                            shape: [left.count, right.count], axes: ["layer_a", "layer_b"],
                            numbers: .float64(similarity.flatMap { $0 })))
                ),
            ], mainField: "similarity", reasons: reasons(left, right, similarity, neighbours))
        answer.figures = [
            ResultFigure(
                .heatMap, "similarity", title: metric.rawValue, x: "layers_b", series: "layers_a",
                xLabel: "layers of b", yLabel: "layers of a")
        ]
        return answer
    }

    private func reasons(
        _ left: [Found], _ right: [Found], _ similarity: [[Double]], _ neighbours: Int
    ) -> [Reason] {
        var reasons: [Reason] = []
        for (row, numbers) in similarity.enumerated() {
            for (column, number) in numbers.enumerated() where number.isNaN {
                reasons.append(
                    Reason(
                        pointer: "/similarity/\(row)/\(column)",
                        reason: left[row].fault ?? right[column].fault
                            ?? "The neighbourhoods of \(neighbours) images share too little to tell; ask for a larger k."
                    ))
            }
        }
        let most = [left, right].map { $0.compactMap { $0.side?.directions }.max() ?? 0 }
        if most[0] + most[1] >= images {
            reasons.append(
                Reason(
                    pointer: "/similarity",
                    reason: "\(images) images with \(most[0]) and \(most[1]) directions correlate whatever they show; "
                        + "ask for more images than directions."))
        }
        return reasons
    }

    private static func sentence(_ error: AnalysisError) -> String {
        switch error {
        case .notFinite: "The representation of one of the two layers holds numbers that are not finite."
        default: "All images have the same representation in one of the two layers, but for rounding."
        }
    }

    private func bytes(_ side: Side, _ images: Int) -> Int {
        let config = side.model.model.config, layers = side.layers.labels.count
        let kept = saturatingProduct(
            layers, images, metric.hasNeighbours ? saturatingSum(images, config.embedDim) : 2 * config.embedDim, 8)
        return saturatingSum(ForwardCost(config).bytes(images: images), saturatingProduct(kept, 2))
    }

    /// A layer ready to be compared, or why it cannot be.
    private enum Found: Sendable {
        case side(Alignment.Side)
        case fault(String)

        var side: Alignment.Side? {
            if case .side(let side) = self { return side }
            return nil
        }

        var fault: String? {
            if case .fault(let sentence) = self { return sentence }
            return nil
        }
    }

    /// Of every layer.
    private func sides(
        _ side: Side, _ context: AnalysisContext, _ slices: ComputeSlices
    ) async throws -> [Found] {
        let layout = TokenLayout(side.model.model.config), states = side.layers.hiddenStates
        let tokens = tokens, metric = metric, neighbours = neighbours
        let parts = try await context.forEachBatch(
            of: Array(context.images.indices), model: side.model.model,
            batchSize: ForwardCost(side.model.model.config).batchSize(), slices
        ) { batch in
            var request = IntermediatesRequest(), found: [Int: DoubleMatrix] = [:]
            request.hiddenStates = Set(states)
            try batch.forward(request) { intermediate in
                guard case .hiddenState(let depth, let tensor) = intermediate else { return }
                found[depth] = try tokens.features(tensor, layout: layout, pool: batch.pool)
            }
            return states.compactMap { found[$0] }
        }
        return try await slices.run { slice in
            try states.indices.map { place in
                try slice.checkCancellation()
                let features = DoubleMatrix.stacking(parts.map { $0[place] })
                do throws(AnalysisError) {
                    return .side(try Alignment.Side(features, metric: metric, k: neighbours, pool: slice.pool))
                } catch { return .fault(Self.sentence(error)) }
            }
        }
    }
}
