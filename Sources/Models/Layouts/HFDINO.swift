extension CheckpointLayout {
    /// transformers' DINO: ViT, told apart by the name of the file or folder alone.
    public static let hfDINO = CheckpointLayout(
        "hf_dino", title: "Hugging Face DINO", reads: "folders", scheme: .huggingFace,
        signs: [LayoutSign(.trace) { $0.says("dino") }], eps: 1e-12)
}
