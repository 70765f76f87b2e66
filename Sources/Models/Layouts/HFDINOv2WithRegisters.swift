extension CheckpointLayout {
    /// transformers' DINOv2 with registers.
    public static let hfDINOv2WithRegisters = CheckpointLayout(
        "hf_dinov2_with_registers", title: "Hugging Face DINOv2 with registers", reads: "folders; SwiGLU",
        scheme: .huggingFace, names: [.tensor("embeddings.register_tokens", "reg_token")],
        signs: [
            LayoutSign(.own) { $0.isModelType("dinov2_with_registers") },
            LayoutSign(.parts) { $0.hasDINOv2Scale && $0.has("reg_token") },
        ],
        modelTypes: ["dinov2_with_registers": 1e-6], parts: { _ in LayoutParts(layerScale: true) },
        resampling: { _ in .bicubicAntialiased })
}
