extension CheckpointLayout {
    /// transformers' ViT, ViT MSN and I-JEPA, and what has their names.
    public static let hfViT = CheckpointLayout(
        "hf_vit", title: "Hugging Face ViT", reads: "folders; old and new tensor names; ViT MSN, I-JEPA",
        scheme: .huggingFace, signs: [LayoutSign(.plain)],
        modelTypes: ["vit": 1e-12, "ijepa": 1e-12, "vit_msn": 1e-6],
        // What transformers' configurations of all these models are called.
        told: ToldPlaces(
            heads: [.config("num_attention_heads")], eps: [.config("layer_norm_eps")],
            activation: [.config("hidden_act")], imgSize: [.config("image_size")]),
        eps: 1e-12)
}
