import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let poolingAttention: AnalysisKind = {
        let head = DeclaredParameter<AttentionTask.Heads>.heads
        let normalize = DeclaredParameter<AttentionMap.Normalization>.normalize
        let spec = AnalysisSpec(
            "pooling-attention", group: .attention, title: "Attention of the pooling",
            summary: "Where a pooling by attention looks, by head",
            reading:
                "Which patches become the image's embedding: the map of the learned query above the last block, as "
                + "SigLIP and the Perception Encoder have it.",
            parameters: [head, normalize, DeclaredParameter.convention], givesMaps: true, isImmediate: true)
        return AnalysisKind(spec) { values, subjects in
            let model = subjects.model
            guard let pooling = model.model.config.attnPool else {
                values.add("model", "“\(model.name)” has no pooling by attention; ask for attention instead.")
                return nil
            }
            switch values[head] {
            case .fused(let fusion):
                return PoolingAttentionTask(
                    model: model, pooling: pooling, heads: nil, fusion: fusion, normalization: values[normalize])
            case .each(let selection):
                return values.indices(selection, of: head, count: pooling.numHeads, noun: "head").map {
                    PoolingAttentionTask(
                        model: model, pooling: pooling, heads: $0, fusion: nil, normalization: values[normalize])
                }
            }
        }
    }()
}

/// Maps of the query of a pooling by attention (docs/science.md#pooling-attention).
struct PoolingAttentionTask: AnalysisTask {
    let model: NamedModel
    let pooling: AttentionPool
    /// Nil where they are fused.
    let heads: [Int]?
    let fusion: HeadFusion?
    let normalization: AttentionMap.Normalization

    var models: [NamedModel] { [model] }

    var mapSize: MapSize? {
        let maps = heads?.count ?? 1
        return MapSize(maps: maps, numbers: saturatingProduct(maps, model.model.config.numTokens))
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let config = model.model.config, cost = ForwardCost(config), layout = TokenLayout(config)
        // Keys and values of the pooling, and its maps.
        let extra = saturatingProduct(
            config.numTokens, saturatingSum(saturatingProduct(4, config.embedDim), 2 * pooling.numHeads), 4)
        let bytes = cost.bytes(images: context.images.count, extraBytesPerImage: extra)
        let found = try await context.admitted(bytes: bytes, alternative: "Ask for fewer images.") { slices in
            try await context.forEachBatch(
                of: Array(context.images.indices), model: model.model,
                batchSize: cost.batchSize(extraBytesPerImage: extra), slices
            ) { batch in
                var request = IntermediatesRequest(), seen: [AttentionMap.Maps] = []
                request.pooling = true
                try batch.forward(request) { intermediate in
                    guard case .pooling(let attention, _) = intermediate else { return }
                    seen.append(
                        AttentionMap.ofPooling(
                            selectingHeads(attention), fusion: fusion, normalization: normalization, layout: layout,
                            pool: batch.pool))
                }
                return seen
            }
        }
        return answer(found.flatMap { $0 }, images: context.images.count)
    }

    /// (batch, heads, 1, tokens) of the heads asked for, from all.
    private func selectingHeads(_ maps: Tensor) -> Tensor {
        guard let heads else { return maps }
        let selected = (0..<maps.shape[0]).map { image in
            let own = maps.part(image)
            return Tensor.concatenating(heads.map { own.rows($0..<$0 + 1) })
        }
        return Tensor.stacking(selected)
    }

    private func answer(_ maps: [AttentionMap.Maps], images: Int) -> AnalysisAnswer {
        let all = Tensor.concatenating(maps.map(\.attention)), shape = all.shape
        // The one query has no axis.
        let attention = all.reshaped([images, shape[1]] + shape.dropFirst(3))
        let keys = normalization == .patches ? ["key_row", "key_col"] : ["key"]
        let array = NamedArray(shape: attention.shape, axes: ["image", "head"] + keys, numbers: .float32(attention))
        var answer = AnalysisAnswer(
            fields: [
                ("axes", .strings(array.axes)), ("shape", .ints(array.shape)), ("attention", .array(array)),
            ], mainField: "attention",
            figures: [ResultFigure(.maps, "attention", title: "attention of the pooling", x: "heads")])
        if !attention.isFinite {
            answer.reasons.append(
                Reason(
                    pointer: "/attention",
                    reason: "Where there is no number, the attention of the map is not finite."))
        }
        let empty = maps.reduce(0) { $0 + $1.emptyRows }
        if empty > 0 {
            answer.reasons.append(
                Reason(
                    pointer: "/attention",
                    reason:
                        "\(empty) row\(empty == 1 ? "" : "s") had no attention left on the patches, and stand as uniform."
                ))
        }
        return answer
    }
}
