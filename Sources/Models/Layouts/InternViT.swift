extension CheckpointLayout {
    /// InternViT (Chen et al. 2024), OpenGVLab's own files.
    public static let internViT = CheckpointLayout(
        "intern_vit", title: "InternViT", reads: "folders; norms on queries and keys", scheme: .huggingFaceCLIP,
        names: [
            NameScheme.layer("norm1", "norm1"), NameScheme.layer("norm2", "norm2"),
            NameScheme.layer("attn.qkv", "attn.qkv"), NameScheme.layer("attn.proj", "attn.proj"),
            NameScheme.layer("attn.q_norm", "attn.q_norm"), NameScheme.layer("attn.k_norm", "attn.k_norm"),
            .tensor("encoder.layers.#.ls1", "blocks.#.ls1.gamma"),
            .tensor("encoder.layers.#.ls2", "blocks.#.ls2.gamma"),
        ],
        signs: [
            LayoutSign(.own) { $0.isModelType("intern_vit_6b") || $0.holds("encoder.layers.0.attn.qkv.weight") }
        ],
        modelTypes: ["intern_vit_6b": 1e-6], heads: [3200: 25],
        parts: { _ in LayoutParts(layerScale: true, finalNorm: false) })

    /// transformers' InternVL: its image encoder.
    public static let hfInternVL = CheckpointLayout(
        "hf_internvl", title: "Hugging Face InternVL", reads: "the image encoder; norms on queries and keys",
        scheme: .huggingFace,
        names: [
            NameScheme.block("attention.projection_layer", "attn.proj"),
            NameScheme.block("attention.q_norm", "attn.q_norm"), NameScheme.block("attention.k_norm", "attn.k_norm"),
        ],
        signs: [
            LayoutSign(.own) {
                $0.isModelType("internvl_vision") || $0.holds("encoder.layer.0.attention.projection_layer.weight")
            }
        ],
        modelTypes: ["internvl_vision": 1e-6],
        parts: { hints in
            LayoutParts(layerScale: true, finalNorm: hints.config["use_mean_pooling"]?.bool != false ? false : nil)
        })
}
