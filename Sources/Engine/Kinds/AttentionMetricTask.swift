import Analysis
import Catalogue
import JSON
import Models

/// Attention distance, mutual information or entropy by layer and head, with their spread over images.
///
/// All three come out of one look at the maps, so where the numbers of images are kept, all three are, whichever was asked
/// for.
struct AttentionMetricTask: ShardableTask {
    private let metric: AttentionMetric
    private let model: NamedModel
    private let layers: [Int]
    private let convention: Convention

    var models: [NamedModel] { [model] }
    var turnKey: String? { "metrics \(model.model.fingerprint) \(layers) \(convention.rawValue) " }

    init(metric: AttentionMetric, model: NamedModel, layers: [Int], convention: Convention) {
        self.metric = metric
        self.model = model
        self.layers = layers
        self.convention = convention
    }

    func sums(_ context: AnalysisContext) async throws -> LayerHeadStatistics {
        let config = model.model.config
        let metrics = AttentionMetrics(
            context.keepsActivations ? Set(AttentionMetric.allCases) : [metric], layout: TokenLayout(config),
            convention: convention)
        var statistics = LayerHeadStatistics(layers: layers.count, heads: config.numHeads)
        try await context.forEachImage(
            model: model.model, keeping: context.keepsActivations,
            bytesPerImage: saturatingProduct(layers.count, config.numHeads, 24), alternative: "Ask for fewer layers.",
            kept: { kept($0, context) }, look: { try look($0, metrics, context) }
        ) { add($0, to: &statistics) }
        return statistics
    }

    private func kept(_ source: ImageSource, _ context: AnalysisContext) -> [HeadMetrics]? {
        guard context.keepsActivations else { return nil }
        var all: [HeadMetrics] = []
        for layer in layers {
            guard let metrics = context.engine.activations.metrics(key(source, layer)) else { return nil }
            all.append(metrics)
        }
        return all
    }

    private func add(_ metrics: [HeadMetrics], to statistics: inout LayerHeadStatistics) {
        for layer in layers.indices {
            let values = metrics[layer][metric]
            statistics.add(HeadValues(images: 1, heads: values.count, values: values), layer: layer)
        }
    }

    /// The metrics of a batch, each image's with its index.
    private func look(
        _ batch: ForwardBatch, _ metrics: AttentionMetrics, _ context: AnalysisContext
    ) throws -> [(Int, [HeadMetrics])] {
        var request = IntermediatesRequest()
        for layer in layers { request.attentions[layer] = .all }
        var found: [Int: [HeadMetrics]] = [:]
        try batch.forward(request) { intermediate in
            guard case .attention(let block, let tensor) = intermediate else { return }
            let values = metrics.values(tensor, pool: batch.pool)
            found[block] = batch.indices.indices.map { HeadMetrics(values, image: $0) }
        }
        return batch.indices.enumerated().map { place, index in
            let own = layers.compactMap { found[$0]?[place] }
            for (layer, metrics) in zip(layers, own) where context.keepsActivations {
                context.engine.activations.keep(.metrics(metrics), for: key(context.images[index], layer))
            }
            return (index, own)
        }
    }

    private func key(_ source: ImageSource, _ layer: Int) -> ActivationKey {
        .metrics(
            model: model.model.fingerprint, image: source.key, block: layer, reference: convention == .reference)
    }

    func answer(_ statistics: LayerHeadStatistics, images: Int) -> AnalysisAnswer {
        let config = model.model.config
        let layout = TokenLayout(config)
        func byLayer(_ values: [Double?]) -> JSONValue { .numbers(values, by: ["layer"]) }
        var answer = AnalysisAnswer(
            fields: [
                ("heads", .ints(Array(0..<config.numHeads))),
                ("unit", .string(metric.unit)),
                ("mean", byLayer(statistics.mean)),
                ("std", byLayer(statistics.standardDeviation)),
                ("sem", byLayer(statistics.standardError)),
                (
                    "per_head",
                    .numbers(
                        statistics.perHead.flatMap { $0 }, by: ["layer", "head"],
                        shape: [layers.count, config.numHeads])
                ),
            ], mainField: "mean")
        switch metric {
        case .distance: answer.fields.append(("uniform", .double(AttentionDistance.uniform(layout))))
        case .entropy: answer.fields.append(("uniform", .double(AttentionEntropy.uniform(layout))))
        case .nmi: break
        }
        if images == 1 { answer.reasons += Reason.oneImage(["/std", "/sem"]) }
        if config.grid.count == 1, metric == .nmi {
            answer.reasons += ["/mean", "/std", "/sem", "/per_head"].map {
                Reason(pointer: $0, reason: "A grid of one patch has nothing to tell apart.")
            }
        }
        answer.figures = [
            ResultFigure(
                .lines, "mean", title: metric.title, x: "layers", band: "std",
                reference: metric == .nmi ? nil : "uniform", xLabel: "block", yLabel: metric.unit),
            ResultFigure(
                .heatMap, "per_head", title: metric.title, x: "heads", series: "layers", xLabel: "head",
                yLabel: "block"),
        ]
        return answer
    }
}

extension AnalysisKind {
    /// One of the three metrics of attention by layer and head.
    static func attentionMetric(
        _ metric: AttentionMetric, _ name: String, title: String, summary: String, reading: String,
        whileLearning: String
    ) -> AnalysisKind {
        let spec = AnalysisSpec(
            name, group: .attention, title: title, summary: summary, reading: reading,
            parameters: [DeclaredParameter.layers, DeclaredParameter.convention], isUsuallyCompared: true,
            trajectory: .init(
                title: title, reading: whileLearning, values: "mean", errors: "sem", places: "layers",
                placesTitle: "layer", unit: metric.unit), isShardable: true)
        return AnalysisKind(spec) { values, subjects in
            values.blocks(subjects.model).map {
                AttentionMetricTask(
                    metric: metric, model: subjects.model, layers: $0, convention: values[.convention])
            }
        }
    }
}

extension AttentionMetric {
    fileprivate var title: String {
        switch self {
        case .distance: "attention distance"
        case .nmi: "normalized mutual information"
        case .entropy: "attention entropy"
        }
    }

    fileprivate var unit: String {
        switch self {
        case .distance: "px"
        case .nmi: "1"
        case .entropy: "nat"
        }
    }
}

extension HeadMetrics {
    /// Those of image `image` of a batch.
    fileprivate init(_ values: AttentionMetrics.Values, image: Int) {
        func heads(_ values: HeadValues?) -> [Double] {
            values.map { values in (0..<values.heads).map { values[image, $0] } } ?? []
        }
        self.init(distance: heads(values.distance), nmi: heads(values.nmi), entropy: heads(values.entropy))
    }

    fileprivate subscript(metric: AttentionMetric) -> [Double] {
        switch metric {
        case .distance: distance
        case .nmi: nmi
        case .entropy: entropy
        }
    }
}

extension Reason {
    /// Why there is no spread.
    static func oneImage(_ pointers: [String]) -> [Reason] {
        pointers.map { Reason(pointer: $0, reason: "One image has no spread; ask for several, or for a probe set.") }
    }
}
