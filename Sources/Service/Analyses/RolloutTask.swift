import Analysis
import JSON
import Models
import Tensors

/// Attention rollout through all blocks.
struct RolloutTask: AnalysisTask {
    private let model: NamedModel
    private let rollout: AttentionRollout

    var models: [NamedModel] { [model] }
    var turnKey: String? { nil }
    var mapSize: MapSize? { MapSize(maps: 1, numbers: model.model.config.grid.count) }

    /// Reads the parameters; nil, with a fault noted, where they do not fit.
    static func read(_ parameters: inout ParameterReader, _ model: NamedModel) -> RolloutTask? {
        let fusion = parameters.choice("head_fusion", default: HeadFusion.mean)
        let convention = parameters.choice("convention", default: Convention.corrected)
        let ratio = parameters.number("discard_ratio", in: 0...1) ?? 0.9
        do {
            let rollout = try AttentionRollout(
                layout: TokenLayout(model.model.config), fusion: fusion, discardRatio: ratio, convention: convention)
            return RolloutTask(model: model, rollout: rollout)
        } catch {
            parameters.add("discard_ratio", ServiceError.sentence(error.message))
            return nil
        }
    }

    private init(model: NamedModel, rollout: AttentionRollout) {
        self.model = model
        self.rollout = rollout
    }

    var canonical: [String] {
        [
            "head_fusion \(rollout.fusion.rawValue)", "discard_ratio \(rollout.discardRatio)",
            "convention \(rollout.convention.rawValue)",
        ]
    }

    private func reasons(_ maps: Tensor) -> [Reason] {
        guard rollout.discardRatio == 1 else {
            return Reason.maps(maps, "rollout", zero: "No attention reaches a patch, so the map is all zeros.")
        }
        let discarded = Reason(
            pointer: "/rollout",
            reason: "With discard_ratio 1 all attention is discarded, so the map says nothing about the image.")
        return [discarded] + Reason.maps(maps, "rollout", zero: nil)
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let config = model.model.config, cost = ForwardCost(config)
        // Of each image the flow so far, the next step and their product, in doubles.
        let extra = saturatingProduct(config.numTokens, config.numTokens, 8, 4)
        let bytes = saturatingSum(
            cost.bytes(images: context.images.count, extraBytesPerImage: extra),
            saturatingProduct(context.images.count, config.grid.count, 8))
        let batches = try await context.admitted(bytes: bytes, alternative: "Ask for fewer images.") { slices in
            try await context.forEachBatch(
                of: Array(context.images.indices), model: model.model,
                batchSize: cost.batchSize(extraBytesPerImage: extra), slices
            ) { batch in
                var rollout = rollout
                var request = IntermediatesRequest()
                for block in 0..<config.depth { request.attentions[block] = .all }
                try batch.forward(request) { intermediate in
                    if case .attention(_, let tensor) = intermediate { rollout.add(tensor, pool: batch.pool) }
                }
                return rollout.rollout
            }
        }
        let maps = Tensor.concatenating(batches)
        let array = NamedArray(shape: maps.shape, axes: ["image", "key_row", "key_col"], numbers: .float32(maps))
        return AnalysisAnswer(
            fields: [
                ("layers", .ints(Array(0..<config.depth))),
                ("head_fusion", .string(rollout.fusion.rawValue)),
                ("discard_ratio", .double(rollout.discardRatio)),
                ("convention", .string(rollout.convention.rawValue)),
                ("axes", .strings(array.axes)),
                ("shape", .ints(array.shape)),
                ("rollout", .array(array)),
            ], mainField: "rollout", reasons: reasons(maps))
    }
}
