extension CheckpointLayout {
    /// transformers' ViTMAE.
    public static let hfViTMAE = CheckpointLayout(
        "hf_vit_mae", title: "Hugging Face ViTMAE", reads: "folders, with and without the decoder",
        scheme: .huggingFace,
        signs: [
            LayoutSign(.own) { $0.isModelType("vit_mae") },
            LayoutSign(.parts) { $0.holdsFull("decoder.decoder_embed.weight") },
            LayoutSign(.positions) { $0.positions == .mae },
        ],
        modelTypes: ["vit_mae": 1e-12], eps: 1e-12)
}
