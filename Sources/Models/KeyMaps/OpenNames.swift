import Tensors

/// Names and shapes that several networks have in common, so that a file alone does not say which one it is of.
///
/// Only where nobody names an architecture: with one there is nothing open.
struct OpenNames {
    let draft: Draft
    let report: LoadReport
    let config: VisionTransformerConfig
    let backbone: Backbone

    private var hasPooling: Bool { report.ignored.contains { $0.name.contains("attn_pool.") } }
    private var hasOldScale: Bool { backbone.dict[backbone.prefix + "blocks.0.gamma_1"] != nil }
    private var hasSeparateBiases: Bool { backbone.dict[backbone.prefix + "blocks.0.attn.q_bias"] != nil }

    /// Refuses what can as well be a network that computes otherwise.
    ///
    /// - Throws: `untold`, with the option that says which it is.
    func check() throws(ModelError.Reason) {
        guard backbone.family == .timm else { return }
        if hasSeparateBiases, config.relPos == .none, !config.layerScale {
            // EVA's giant is plain, EVA-02 rotates (tiny and small with a gate) or norms afterwards (enormous).
            throw open(
                "are EVA's and EVA-02's, which turn queries and keys by place (RoPE) or norm after their branches",
                arch: "eva_giant_patch14_224")
        }
        if config.normPre, hasPooling || !config.finalNorm && !config.fcNorm {
            throw open(
                "are the Perception Encoder's, which turns queries and keys by place (RoPE)",
                arch: "vit_base_patch16_clip_224")
        }
        if hasOldScale, backbone.path.isEmpty, config.posEmbed == .patches {
            // DeiT III's own files have a key "model" around these names; timm has them only where it rotates.
            throw open(
                "are those of timm's networks that turn queries and keys by place (RoPE), and of DeiT III",
                arch: "deit3_base_patch16_224")
        }
        if !config.qkvBias, config.fcNorm, config.numPrefixTokens == 0, !config.layerScale {
            throw open("are those of timm's networks that norm after attention and MLP", arch: "vit_base_patch16_224")
        }
    }

    private func open(_ whose: String, arch: String) -> ModelError.Reason {
        .untold(
            option: "arch",
            "the names of the tensors \(whose), and of plain networks, and the file does not tell which it is; pass arch, "
                + "such as \(arch), if it is plain")
    }

    /// Whose names these are where those networks differ in their activation; nil where there is one convention.
    var severalActivations: String? {
        guard backbone.family == .timm, config.mlp == .gelu else { return nil }
        if config.normPre { return "a norm before the blocks is CLIP's, and OpenAI's CLIP has quick_gelu, others gelu" }
        let isShapeOptimised =
            config.embedDim == Architecture.so400m.embedDim || config.embedDim == Architecture.wideGiant.embedDim
        guard config.numPrefixTokens == 0, hasPooling || isShapeOptimised else { return nil }
        return "the names and shapes are SigLIP's, some of which have gelu_tanh, others gelu"
    }
}
