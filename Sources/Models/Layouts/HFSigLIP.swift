extension CheckpointLayout {
    /// transformers' SigLIP (Zhai et al. 2023), and SigLIP 2 of fixed size, which has the same: the image tower.
    public static let hfSigLIP = CheckpointLayout(
        "hf_siglip", title: "Hugging Face SigLIP",
        reads: "folders; SigLIP 2 of fixed size; the pooling by attention with its map",
        scheme: .huggingFaceCLIP,
        signs: [
            LayoutSign(.own) { $0.isModelType("siglip", "siglip_vision_model") },
            LayoutSign(.parts) { $0.holds("head.probe") },
        ],
        modelTypes: ["siglip": 1e-6, "siglip_vision_model": 1e-6],
        defaults: ["siglip": below("vision_config."), "siglip_vision_model": below("")],
        activation: .geluTanh, parts: { _ in LayoutParts(classToken: false) },
        resampling: { _ in .bicubic }, images: .half(.bicubic))

    /// transformers' SigLIP 2 (Tschannen et al. 2025) whose images keep their shape (NaFlex), on one fixed grid.
    public static let hfSigLIP2 = CheckpointLayout(
        "hf_siglip2", title: "Hugging Face SigLIP 2",
        reads: "folders; NaFlex weights on a fixed grid; the pooling by attention with its map",
        scheme: .huggingFaceCLIP,
        signs: [
            LayoutSign(.own) { $0.isModelType("siglip2", "siglip2_vision_model") },
            LayoutSign(.own) { $0.holds("head.probe") && $0.shape("embeddings.patch_embedding.weight")?.count == 2 },
        ],
        modelTypes: ["siglip2": 1e-6, "siglip2_vision_model": 1e-6],
        defaults: ["siglip2": below("vision_config."), "siglip2_vision_model": below("")],
        activation: .geluTanh, parts: { _ in LayoutParts(classToken: false) },
        resampling: { _ in .bilinearAntialiased }, images: .half(.bilinear))

    /// What SiglipVisionConfig has by default.
    private static func below(_ place: String) -> [String: HintValue] {
        [
            place + "num_attention_heads": .int(12), place + "layer_norm_eps": .double(1e-6),
            place + "hidden_act": .string("gelu_pytorch_tanh"),
        ]
    }
}
