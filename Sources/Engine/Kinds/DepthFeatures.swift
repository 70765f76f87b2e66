import Catalogue
import Models
import Tensors

/// What stands for an image when it is classified, at several depths.
struct DepthFeatures: Sendable {
    /// Raw values are those of the parameter `pool`.
    enum Pool: String, Sendable, CaseIterable {
        case patchMean = "patch_mean"
        case cls
        /// The class token and the mean patch, side by side.
        case concat
    }

    /// 0 = after embedding, i = after block i − 1.
    let depths: [Int]
    let pool: Pool
    let config: VisionTransformerConfig

    var width: Int { config.embedDim * (pool == .concat ? 2 : 1) }

    static let poolParameter = DeclaredParameter.choice(
        "pool", default: Pool.patchMean, "What stands for an image.")

    /// Nil, with a fault noted, where the parameters do not fit the model.
    init?(_ values: inout ParameterValues, _ model: NamedModel) {
        let config = model.model.config
        pool = values[Self.poolParameter]
        if pool != .patchMean, !config.classToken {
            values.add(Self.poolParameter, "“\(model.name)” has no class token; write patch_mean.")
        }
        guard let blocks = values.blocks(model) else { return nil }
        depths = [0] + blocks.map { $0 + 1 }
        self.config = config
    }

    /// Memory of the features of so many images, bytes, and of what is made of them.
    func bytes(images: Int) -> Int { saturatingProduct(images, depths.count, width, 12) }

    /// Of each depth: (images, width).
    ///
    /// - Parameter changed: what goes through the model instead of a batch.
    func gather(
        _ context: AnalysisContext, _ model: LoadedModel, _ slices: ComputeSlices,
        changed: @escaping @Sendable (ForwardBatch) -> ForwardBatch = { $0 }
    ) async throws -> [Tensor] {
        var request = IntermediatesRequest()
        request.hiddenStates = Set(depths)
        let wanted = request, features = self
        let parts = try await context.forEachBatch(
            of: Array(context.images.indices), model: model, batchSize: ForwardCost(config).batchSize(), slices
        ) { batch in
            var found: [Int: Tensor] = [:]
            try changed(batch).forward(wanted) { intermediate in
                if case .hiddenState(let depth, let tensor) = intermediate { found[depth] = features.pooled(tensor) }
            }
            return features.depths.compactMap { found[$0] }
        }
        return depths.indices.map { depth in .concatenating(parts.map { $0[depth] }) }
    }

    private func pooled(_ stream: Tensor) -> Tensor {
        switch pool {
        case .patchMean: return stream.meanTokens(from: config.numPrefixTokens)
        case .cls: return stream.token(0)
        case .concat:
            let (cls, mean) = (stream.token(0), stream.meanTokens(from: config.numPrefixTokens))
            let rows = (0..<stream.shape[0]).map { Tensor.concatenating([cls.part($0), mean.part($0)]) }
            return .stacking(rows)
        }
    }
}
