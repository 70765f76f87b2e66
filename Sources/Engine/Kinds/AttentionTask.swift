import Analysis
import Catalogue
import JSON
import Models
import Platform
import Tensors

extension AnalysisKind {
    public static let attention: AnalysisKind = {
        let layers = DeclaredParameter.indices(
            "layers", aliases: ["layer"], default: "-1",
            "Which blocks: `all`, or indices and ranges from 0; -1 is the last.")
        let head = DeclaredParameter<AttentionTask.Heads>.heads
        let query = DeclaredParameter<AttentionQuery?>.query
        let normalize = DeclaredParameter<AttentionMap.Normalization>.normalize
        let mass = DeclaredParameter<Double?>.number(
            "mass", in: 0...1, "Also mark the patches that together hold this share of a map.")
        let spec = AnalysisSpec(
            "attention", group: .attention, title: "Attention maps",
            summary: "Attention maps of any layer, head and query",
            reading: "Where a query looks. Alike for every query = collapse, as contrastive models do in later layers; "
                + "around the query = local, as masked models do.",
            parameters: [layers, head, query, normalize, DeclaredParameter.convention, mass], givesMaps: true,
            isImmediate: true, pathBelowModel: "attention")
        return AnalysisKind(spec) { values, subjects in
            let model = subjects.model, config = model.model.config
            let blocks = values.blocks(model, layers)
            var heads: [Int]?, fusion: HeadFusion?
            switch values[head] {
            case .fused(let one): fusion = one
            case .each(let selection):
                heads = values.indices(selection, of: head, count: config.numHeads, noun: "head")
            }
            let asked = values[query] ?? (config.classToken ? .cls : .mean)
            values.resolve(query, to: .string(asked.text), canonical: asked.text)
            let normalization = values[normalize]
            if values.isGiven(mass), normalization != .patches {
                values.add(mass, "“mass” marks patches, so it goes with normalize=patches alone.")
            }
            do throws(AnalysisError) {
                let map = try AttentionMap(
                    query: asked, fusion: fusion, normalization: normalization, layout: TokenLayout(config))
                guard let blocks, fusion != nil || heads != nil else { return nil }
                return AttentionTask(model: model, layers: blocks, heads: heads, map: map, mass: values[mass])
            } catch {
                values.add(query, ServiceError.sentence(error.message))
                return nil
            }
        }
    }()
}

extension DeclaredParameter<AttentionMap.Normalization> {
    static let normalize = choice(
        "normalize", default: AttentionMap.Normalization.patches,
        "`patches`: prefix keys dropped, rows renormalised; `none`: as the model has them.")
}

extension DeclaredParameter<AttentionTask.Heads> {
    static let heads = DeclaredParameter(
        ParameterDeclaration(
            "head", form: .indices(words: HeadFusion.allCases.map(\.rawValue)), standard: HeadFusion.mean.rawValue,
            detail: "`all`, indices and ranges, or `mean`, `max`, `min` over the heads."),
        default: .fused(.mean), echo: "heads",
        parse: { text in
            if let fusion = HeadFusion(rawValue: text) { return .fused(fusion) }
            return IndexSelection(text).map(AttentionTask.Heads.each)
        },
        told: { heads in
            guard case .fused(let fusion) = heads else { return ParameterReading(canonical: "", echo: .null) }
            return ParameterReading(canonical: fusion.rawValue, echo: .strings([fusion.rawValue]))
        })
}

extension DeclaredParameter<AttentionQuery?> {
    static let query = DeclaredParameter(
        ParameterDeclaration(
            "query", form: .text(forms: "cls, mean, all, or a patch as ROW,COL", example: "3,5"),
            detail:
                "`cls`, `mean`, `all`, or a patch as `ROW,COL`. Without it the class token where the model has "
                + "one, and the mean over the patches where it has none."),
        default: nil, echo: "query", parse: { text in AttentionQuery(text).map { .some($0) } },
        told: { ParameterReading(canonical: $0?.text ?? "", echo: .optional($0?.text)) })
}

/// Attention maps of some layers, heads and queries.
struct AttentionTask: AnalysisTask {
    /// Heads as they are asked for.
    enum Heads: Sendable {
        case fused(HeadFusion)
        case each(IndexSelection)
    }

    private let model: NamedModel
    private let layers: [Int]
    /// Nil where they are fused.
    private let heads: [Int]?
    private let map: AttentionMap
    /// Share of the attention whose patches are marked (DINO's view); nil where none are.
    private let mass: Double?

    var models: [NamedModel] { [model] }
    var turnKey: String? { "attention \(model.model.fingerprint) \(layers) " }

    var mapSize: MapSize? {
        let config = model.model.config
        let maps = layers.count * (heads?.count ?? (map.fusion == nil ? config.numHeads : 1))
        let tokens = map.normalization == .patches ? config.grid.count : config.numTokens
        return MapSize(maps: maps, numbers: saturatingProduct(maps, map.query == .all ? tokens : 1, tokens))
    }

    init(
        model: NamedModel, layers: [Int], heads: [Int]?, map: AttentionMap, mass: Double?
    ) {
        self.model = model
        self.layers = layers
        self.heads = heads
        self.map = map
        self.mass = mass
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let plan = Plan(self, context)
        var maps: [[Maps]] = []
        if let kept = try await keptMaps(context) {
            maps = kept
        } else {
            maps = try await context.admitted(bytes: plan.bytes, alternative: plan.alternative) { slices in
                let order = Array(context.images.indices)
                return try await context.forEachBatch(
                    of: order, model: model.model, batchSize: plan.batchSize, slices
                ) { try self.maps(of: $0, plan, context) }.flatMap { $0 }
            }
        }
        return answer(maps, images: context.images.count)
    }

    private typealias Maps = AttentionMap.Maps

    /// From kept maps alone, without waiting behind work for the model: [image][layer]; nil where one is not there.
    private func keptMaps(_ context: AnalysisContext) async throws -> [[Maps]]? {
        var found: [[Tensor]] = []
        for source in context.images {
            var layersFound: [Tensor] = []
            for layer in layers {
                guard let tensor = context.engine.activations.attention(key(source, layer)) else { return nil }
                layersFound.append(tensor)
            }
            found.append(layersFound)
        }
        return try await context.engine.encodingThread.run { [found] in
            let alone = ThreadPool(threads: 1)
            return context.time.measure("analysis") {
                found.map { $0.map { map.maps(selectingHeads($0), pool: alone) } }
            }
        }
    }

    /// Of one batch: [image][layer].
    private func maps(of batch: ForwardBatch, _ plan: Plan, _ context: AnalysisContext) throws -> [[Maps]] {
        var request = IntermediatesRequest()
        let selection = plan.keepsMaps ? .all : AttentionSelection(heads: heads, queries: map.queries)
        for layer in layers { request.attentions[layer] = selection }
        var found: [Int: [Maps]] = [:]
        try batch.forward(request) { intermediate in
            guard case .attention(let block, let tensor) = intermediate else { return }
            found[block] = batch.sources.indices.map { place in
                let own = tensor.part(place)
                guard plan.keepsMaps else { return map.maps(own.reshaped([1] + own.shape), pool: batch.pool) }
                context.engine.activations.keep(.attention(own), for: key(batch.sources[place], block))
                return map.maps(selectingHeads(own), pool: batch.pool)
            }
        }
        return batch.sources.indices.map { place in layers.compactMap { found[$0]?[place] } }
    }

    /// (1, heads, tokens, tokens) of the heads asked for, from (heads, tokens, tokens) of all.
    private func selectingHeads(_ maps: Tensor) -> Tensor {
        guard let heads, heads != Array(0..<maps.shape[0]) else { return maps.reshaped([1] + maps.shape) }
        let selected = Tensor.concatenating(heads.map { maps.rows($0..<$0 + 1) })
        return selected.reshaped([1] + selected.shape)
    }

    private func key(_ source: ImageSource, _ layer: Int) -> ActivationKey {
        .attention(model: model.model.fingerprint, image: source.key, block: layer)
    }

    private func answer(_ maps: [[Maps]], images: Int) -> AnalysisAnswer {
        let flat = maps.flatMap { $0 }
        let inner = flat.first?.attention.shape.dropFirst() ?? []
        let attention = Tensor.concatenating(flat.map(\.attention)).reshaped([images, layers.count] + inner)
        let keys = map.normalization == .patches ? ["key_row", "key_col"] : ["key"]
        let array = NamedArray(
            shape: attention.shape, axes: ["image", "layer", "head", "query"] + keys, numbers: .float32(attention))
        var answer = AnalysisAnswer(
            fields: [
                ("axes", .strings(array.axes)),
                ("shape", .ints(array.shape)),
                ("attention", .array(array)),
            ], mainField: "attention")
        if let mass { answer.fields.append(("mask", .array(mask(array, attention, mass)))) }
        // Marked patches are what was asked for beside the maps themselves.
        answer.figures = [
            ResultFigure(
                .maps, mass == nil ? "attention" : "mask", title: "attention of \(map.query.text)", x: "heads",
                series: "layers")
        ]
        if !attention.isFinite {
            answer.reasons = (["/attention"] + (mass == nil ? [] : ["/mask"])).map {
                Reason(pointer: $0, reason: "Where there is no number, the attention of the map is not finite.")
            }
        }
        let empty = flat.reduce(0) { $0 + $1.emptyRows }
        if empty > 0 {
            answer.reasons.append(
                Reason(
                    pointer: "/attention",
                    reason:
                        "\(empty) row\(empty == 1 ? "" : "s") had no attention left "
                        + "on the patches, and stand as uniform."
                ))
        }
        return answer
    }

    /// 1 where a patch is among those that hold the largest share of its map, otherwise 0; NaN for a map that is not
    /// finite: as `maps`.
    private func mask(_ maps: NamedArray, _ attention: Tensor, _ mass: Double) -> NamedArray {
        let numbers = attention.array, count = map.layout.grid.count
        let marked = stride(from: 0, to: numbers.count, by: count).flatMap { start in
            AttentionMap.mask(Array(numbers[start..<start + count]), share: mass).map { $0.map { $0 ? Float(1) : 0 } }
                ?? [Float](repeating: .nan, count: count)
        }
        return NamedArray(
            shape: maps.shape, axes: maps.axes, numbers: .float32(Tensor(shape: attention.shape, marked)))
    }

    /// What it costs, and whether whole maps are kept for the next question.
    private struct Plan {
        let keepsMaps: Bool
        let batchSize: Int
        let bytes: Int
        let alternative: String

        init(_ task: AttentionTask, _ context: AnalysisContext) {
            let config = task.model.model.config, cost = ForwardCost(config)
            let images = context.images.count
            let asked = saturatingProduct(
                task.heads?.count ?? (task.map.fusion == nil ? config.numHeads : 1),
                task.map.query == .mean ? 1 : task.map.queries?.count ?? config.numTokens,
                config.numTokens, task.layers.count, images, 4)
            // A look at few images is likely followed by others, through other heads and queries of the same layers.
            let whole = saturatingProduct(cost.mapBytes, task.layers.count, images)
            keepsMaps = images <= 4 && whole <= context.engine.activations.budget / 4
            let extra = keepsMaps ? cost.mapBytes * task.layers.count : cost.mapBytes
            batchSize = cost.batchSize(extraBytesPerImage: extra)
            bytes = saturatingSum(
                cost.bytes(images: images, extraBytesPerImage: extra), saturatingProduct(asked, 2))
            alternative = "Ask for fewer images, layers or heads, or for one query instead of all."
        }
    }
}
