extension CheckpointLayout {
    /// transformers' DINOv3.
    public static let hfDINOv3 = CheckpointLayout(
        "hf_dinov3", title: "Hugging Face DINOv3", reads: "folders; SwiGLU; names on disk and in memory",
        scheme: .huggingFace,
        roots: [
            NameRoot("model.layer.#.attention|norm1|norm2|layer_scale1|layer_scale2|mlp.**", isBlock: true),
            NameRoot("layer.#.attention|norm1|norm2|layer_scale1|layer_scale2|mlp.**", isBlock: true),
        ],
        names: [
            .rename("model.layer.#.**", to: "encoder.layer.#.**"), .rename("layer.#.**", to: "encoder.layer.#.**"),
            .tensor("embeddings.patch_embeddings.weight|bias", "patch_embed.proj.$"),
            .tensor("norm.weight|bias", "norm.$"),
        ],
        signs: [
            LayoutSign(.own) { $0.isModelType("dinov3_vit") },
            LayoutSign(.own) { $0.hasDINOv2Scale && $0.holds("embeddings.patch_embeddings.weight") },
        ],
        modelTypes: ["dinov3_vit": 1e-5],
        defaults: [
            "dinov3_vit": ["num_attention_heads": .int(6), "image_size": .int(224), "hidden_act": .string("gelu")]
        ],
        rotation: { hints, _ in
            var rope = RotaryEmbedding.dinov3
            let places = ["rope_theta", "rope_parameters.rope_theta"]
            if let base = places.lazy.compactMap({ hints.config[$0]?.double }).first { rope.base = Float(base) }
            return rope
        },
        tellsGate: true, eps: 1e-5, imgSize: 224, heads: [1280: 20],
        parts: { _ in LayoutParts(layerScale: true, posEmbed: false, classToken: true) }, images: .squashed)
}
