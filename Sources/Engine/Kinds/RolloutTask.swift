import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let attentionRollout: AnalysisKind = {
        let fusion = DeclaredParameter.choice("head_fusion", default: HeadFusion.mean, "How heads become one.")
        let ratio = DeclaredParameter.number(
            "discard_ratio", in: 0...1, default: 0.9, "Share of the weakest attention that is dropped.")
        let spec = AnalysisSpec(
            "attention-rollout", group: .attention, title: "Attention rollout", summary: "Attention rollout",
            reading: "Which patches reach the class token, or the mean of the patches, through the attention of all "
                + "blocks.", parameters: [fusion, ratio, DeclaredParameter.convention], givesMaps: true,
            isImmediate: true, pathBelowModel: "attention/rollout")
        return AnalysisKind(spec) { values, subjects in
            do throws(AnalysisError) {
                return RolloutTask(
                    model: subjects.model,
                    rollout: try AttentionRollout(
                        layout: TokenLayout(subjects.model.model.config), fusion: values[fusion],
                        discardRatio: values[ratio], convention: values[.convention]))
            } catch {
                values.add(ratio, ServiceError.sentence(error.message))
                return nil
            }
        }
    }()
}

/// Attention rollout through all blocks.
struct RolloutTask: AnalysisTask {
    private let model: NamedModel
    private let rollout: AttentionRollout

    var models: [NamedModel] { [model] }
    var mapSize: MapSize? { MapSize(maps: 1, numbers: model.model.config.grid.count) }

    init(model: NamedModel, rollout: AttentionRollout) {
        self.model = model
        self.rollout = rollout
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
                ("axes", .strings(array.axes)),
                ("shape", .ints(array.shape)),
                ("rollout", .array(array)),
            ], mainField: "rollout", reasons: reasons(maps),
            figures: [ResultFigure(.maps, "rollout", title: "attention rollout")])
    }
}
