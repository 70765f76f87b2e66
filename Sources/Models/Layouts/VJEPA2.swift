extension CheckpointLayout {
    /// V-JEPA 2 (Assran et al. 2025) on single images, facebookresearch/vjepa2: an image is two equal frames.
    public static let vjepa2 = CheckpointLayout(
        "vjepa2", title: "V-JEPA 2", reads: "encoder and target encoder, on single images", scheme: .timm,
        signs: [LayoutSign(.own) { $0.shape("patch_embed.proj.weight")?.count == 5 && !$0.has("pos_embed") }],
        rotation: { _, _ in .vjepa2 }, imgSize: 256, heads: [1408: 22],
        parts: { _ in LayoutParts(qkvBias: true, posEmbed: false, classToken: false) })

    /// transformers' V-JEPA 2.
    public static let hfVJEPA2 = CheckpointLayout(
        "hf_vjepa2", title: "Hugging Face V-JEPA 2", reads: "folders, on single images", scheme: .huggingFace,
        roots: [NameRoot("encoder.embeddings.**")],
        names: [
            .tensor("encoder.embeddings.patch_embeddings.proj.weight", "patch_embed.proj.weight", view: .pixels),
            .tensor("encoder.embeddings.patch_embeddings.proj.bias", "patch_embed.proj.bias"),
            .tensor("encoder.layernorm.weight|bias", "norm.$"),
            NameScheme.block("attention.query", "attn.qkv", .query),
            NameScheme.block("attention.key", "attn.qkv", .key),
            NameScheme.block("attention.value", "attn.qkv", .value), NameScheme.block("attention.proj", "attn.proj"),
        ],
        beside: [.ignore("predictor.**", "a part that features do not need")],
        signs: [
            LayoutSign(.own) {
                $0.isModelType("vjepa2") || $0.holds("encoder.embeddings.patch_embeddings.proj.weight")
            }
        ],
        modelTypes: ["vjepa2": 1e-6],
        defaults: [
            "vjepa2": ["num_attention_heads": .int(16), "crop_size": .int(256), "hidden_act": .string("gelu")]
        ],
        rotation: { _, _ in .vjepa2 }, told: ToldPlaces(imgSize: [.config("crop_size")]), imgSize: 256,
        heads: [1408: 22], parts: { _ in LayoutParts(posEmbed: false, classToken: false) })
}
