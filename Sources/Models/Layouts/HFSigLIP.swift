extension CheckpointLayout {
    /// transformers' SigLIP and SigLIP 2 (Zhai et al. 2023, Tschannen et al. 2025): the image tower. NaFlex weights are read
    /// for the fixed grid of their table.
    public static let hfSigLIP = CheckpointLayout(
        "hf_siglip", title: "Hugging Face SigLIP",
        reads: "folders; SigLIP 2, NaFlex on its table's grid; the attention pooling is left out",
        scheme: .huggingFaceCLIP,
        signs: [
            LayoutSign(.own) { $0.isModelType("siglip", "siglip_vision_model", "siglip2", "siglip2_vision_model") },
            LayoutSign(.parts) { $0.holds("head.probe") },
        ],
        modelTypes: [
            "siglip": 1e-6, "siglip_vision_model": 1e-6, "siglip2": 1e-6, "siglip2_vision_model": 1e-6,
        ],
        defaults: [
            "siglip": below("vision_config."), "siglip_vision_model": below(""), "siglip2": below("vision_config."),
            "siglip2_vision_model": below(""),
        ],
        activation: .geluTanh, parts: { _ in LayoutParts(classToken: false) },
        resampling: { _ in .bicubic }, images: .half)

    /// What SiglipVisionConfig has by default.
    private static func below(_ place: String) -> [String: HintValue] {
        [
            place + "num_attention_heads": .int(12), place + "layer_norm_eps": .double(1e-6),
            place + "hidden_act": .string("gelu_pytorch_tanh"),
        ]
    }
}
