extension CheckpointLayout {
    /// AIMv2 (Fini et al. 2025) as timm names it.
    public static let aimv2 = CheckpointLayout(
        "aimv2", title: "AIMv2", reads: "Apple's own names, timm's `aimv2_*`", scheme: .timm,
        names: [
            .tensor("blocks.#.norm_1.weight", "blocks.#.norm1.weight"),
            .tensor("blocks.#.norm_2.weight", "blocks.#.norm2.weight"), .tensor("blocks.#.mlp.fc3.weight"),
            .tensor("post_trunk_norm.weight", "norm.weight"),
        ],
        beside: [
            .tensor("preprocessor.patchifier.proj.weight|bias", "patch_embed.proj.$"),
            .tensor("preprocessor.patchifier.norm.weight", "patch_embed.norm.weight"),
            .tensor("preprocessor.pos_embed", "pos_embed", view: .table),
        ],
        signs: [LayoutSign(.own) { $0.has("patch_embed.norm.weight") }], families: ["aimv2"], eps: 1e-5,
        heads: aimv2Heads, resampling: { _ in .bicubicAntialiased }, images: .clip)

    /// transformers' AIMv2.
    public static let hfAIMv2 = CheckpointLayout(
        "hf_aimv2", title: "Hugging Face AIMv2", reads: "folders; the pooling by attention is left out",
        scheme: .huggingFaceCLIP,
        names: [
            .tensor("embeddings.patch_embed.weight", "patch_embed.proj.weight"),
            .tensor("embeddings.patch_embed.bias", "patch_embed.proj.bias"),
            .tensor("embeddings.rms_norm.weight", "patch_embed.norm.weight"), .tensor("rms_norm.weight", "norm.weight"),
            NameScheme.layer("rms_norm1", "norm1"), NameScheme.layer("rms_norm2", "norm2"),
            NameScheme.layer("attention.q_proj", "attn.qkv", .query),
            NameScheme.layer("attention.k_proj", "attn.qkv", .key),
            NameScheme.layer("attention.v_proj", "attn.qkv", .value),
            NameScheme.layer("attention.out_proj", "attn.proj"),
            NameScheme.layer("ffn.gate_proj", "mlp.fc1", .gate), NameScheme.layer("ffn.up_proj", "mlp.fc1", .up),
            NameScheme.layer("ffn.down_proj", "mlp.fc2"),
        ],
        signs: [
            LayoutSign(.own) { $0.isModelType("aimv2", "aimv2_vision_model") },
            LayoutSign(.own) { $0.has("patch_embed.norm.weight") },
        ],
        modelTypes: ["aimv2": 1e-5, "aimv2_vision_model": 1e-5],
        defaults: [
            "aimv2": ["vision_config.num_attention_heads": .int(8), "vision_config.image_size": .int(224)],
            "aimv2_vision_model": ["num_attention_heads": .int(8), "image_size": .int(224)],
        ],
        tellsGate: true, told: ToldPlaces(eps: [.config("rms_norm_eps"), .config("vision_config.rms_norm_eps")]),
        eps: 1e-5,
        heads: aimv2Heads, images: .clip)

    private static let aimv2Heads = [1024: 8, 1536: 12, 2048: 16, 3072: 24]
}
