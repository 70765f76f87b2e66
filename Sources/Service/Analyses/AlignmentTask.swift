import Analysis
import JSON
import Models
import Platform
import Tensors

/// How alike the layers of two models represent the same images, by other measures than CKA (science: B.12).
struct AlignmentTask: AnalysisTask {
    /// One of the two models.
    private struct Side {
        let model: NamedModel
        let layers: LayerLabels
    }

    private static let minimumImages = 4

    private let a: Side
    private let b: Side
    private let metric: Alignment.Metric
    private let neighbours: Int
    private let tokens: TokenFeatures
    private let convention: Convention
    private let images: Int

    var models: [NamedModel] { [a.model, b.model] }
    var turnKey: String? { nil }
    var canonical: [String] {
        [
            "a \(a.layers.labels)", "b \(b.layers.labels)", "metric \(metric.rawValue)", "k \(k ?? 0)",
            "tokens \(tokens.rawValue)", "convention \(convention.rawValue)",
        ]
    }

    private var k: Int? { metric.hasNeighbours ? neighbours : nil }

    var secondsBeside: Double {
        let n = Double(images)
        func layers(_ side: Side) -> Double { Double(side.layers.labels.count) }
        let d = Double(max(a.model.model.config.embedDim, b.model.model.config.embedDim))
        let pair = metric.hasNeighbours ? n * Double(neighbours) * 50 : n * d * d * 4
        return (layers(a) * layers(b) * pair + (layers(a) + layers(b)) * n * max(n, d) * d * 4) / 5e9
    }

    static func read(
        _ parameters: inout ParameterReader, a: NamedModel, b: NamedModel, images: Int
    ) -> AlignmentTask? {
        let layersA = LayerLabels.read(&parameters, "layers_a", depth: a.model.config.depth)
        let layersB = LayerLabels.read(&parameters, "layers_b", depth: b.model.config.depth)
        let metric = parameters.choice("metric", default: Alignment.Metric.mutualKNN)
        let tokens = parameters.choice("tokens", default: TokenFeatures.patchMean)
        let convention = parameters.choice("convention", default: Convention.corrected)
        let k = parameters.integer("k", in: 1...1_000_000)
        for model in [a, b] where (try? tokens.check(TokenLayout(model.model.config))) == nil {
            parameters.add("tokens", "“\(model.name)” has no class token; write patch_mean.")
        }
        if tokens == .patches { parameters.add("tokens", "Images are compared, not patches; write patch_mean or cls.") }
        if images < minimumImages {
            parameters.add("image", "\(minimumImages) images at least are compared; give more, or a probe set.")
        }
        if let k, k >= images {
            parameters.add("k", "\(k) neighbours want more images than the \(images) there are.")
        }
        guard let layersA, let layersB else { return nil }
        return AlignmentTask(
            a: Side(model: a, layers: layersA), b: Side(model: b, layers: layersB), metric: metric,
            neighbours: k ?? max(1, min(10, images - 1)), tokens: tokens, convention: convention, images: images)
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
                ("a", a.model.field), ("b", b.model.field), ("layers_a", .strings(a.layers.labels)),
                ("layers_b", .strings(b.layers.labels)), ("metric", .string(metric.rawValue)),
                ("k", .optional(k)), ("tokens", .string(tokens.rawValue)), ("is_same_model", .bool(isSame)),
                ("convention", .string(convention.rawValue)),
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
                xLabel: b.model.name, yLabel: a.model.name)
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
