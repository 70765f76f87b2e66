import Tensors

/// Finds a pooling by attention among the tensors of a network; one that is not whole, or is another, is left out.
struct PoolingReader {
    let config: VisionTransformerConfig
    private static let prefix = "attn_pool."

    /// The pooling with heads that are not known yet, its projections of queries, keys and values apart as timm has them.
    func read(_ draft: inout Draft, report: inout LoadReport) throws(ModelError.Reason) -> AttentionPool? {
        let names = draft.names.filter { $0.hasPrefix(Self.prefix) }
        guard !names.isEmpty else { return nil }
        let width = config.embedDim
        guard let hidden = draft.shape("attn_pool.mlp.fc1.bias")?.first, hidden > 0, config.norm == .layer,
            !report.ignored.contains(where: { $0.name.contains(Self.prefix) }), isWhole(names, draft, hidden: hidden)
        else {
            for name in names { KeyMap.drop(name, from: &draft, because: Unneeded.pooling, &report) }
            return nil
        }
        for leaf in ["weight", "bias"] {
            guard let joined = try draft.entry("attn_pool.qkv.\(leaf)")?.tensor() else { continue }
            draft.set("attn_pool.q.\(leaf)", to: StateDict.Entry(joined.rows(0..<width)))
            draft.set("attn_pool.kv.\(leaf)", to: StateDict.Entry(joined.rows(width..<3 * width)))
            _ = draft.remove("attn_pool.qkv.\(leaf)")
        }
        return AttentionPool(numHeads: 1, mlpHidden: hidden)
    }

    /// Whether `names` are those of the pooling, no more and no fewer, in shapes that fit.
    private func isWhole(_ names: [String], _ draft: Draft, hidden: Int) -> Bool {
        let width = config.embedDim
        var shapes: [String: [Int]] = [
            "proj.weight": [width, width], "proj.bias": [width], "norm.weight": [width], "norm.bias": [width],
            "mlp.fc1.weight": [hidden, width], "mlp.fc1.bias": [hidden], "mlp.fc2.weight": [width, hidden],
            "mlp.fc2.bias": [width], "latent": [1, 1, width],
        ]
        if draft.has("attn_pool.qkv.weight") {
            shapes.merge(["qkv.weight": [3 * width, width], "qkv.bias": [3 * width]]) { first, _ in first }
        } else {
            shapes.merge([
                "q.weight": [width, width], "q.bias": [width], "kv.weight": [2 * width, width], "kv.bias": [2 * width],
            ]) { first, _ in first }
        }
        return names.count == shapes.count
            && shapes.allSatisfy {
                let name = Self.prefix + $0.key
                return draft.shape(name) == $0.value && draft.missingParts(of: name).isEmpty
            }
    }

    /// Its heads: those of the blocks, but for the Perception Encoder, whose pooling has eight in every size.
    static func heads(_ config: VisionTransformerConfig, _ hints: ModelHints) throws(ModelError.Reason) -> Int {
        let told = hints.fields["attn_pool_heads"]?.int ?? hints.config["model_args.attn_pool_num_heads"]?.int
        let encoder = RotaryEmbedding.perceptionEncoder
        let isEncoder = config.rope?.axes == encoder.axes && config.rope?.base == encoder.base
        let heads = told ?? (isEncoder ? 8 : config.numHeads)
        guard heads > 0, heads <= config.embedDim, config.embedDim % heads == 0 else {
            throw .unsupported("a pooling by attention with \(heads) heads of \(config.embedDim) numbers cannot be")
        }
        return heads
    }
}
