extension CheckpointLayout {
    /// transformers' DeiT.
    public static let hfDeiT = CheckpointLayout(
        "hf_deit", title: "Hugging Face DeiT", reads: "folders; distilled", scheme: .huggingFace,
        names: [.tensor("embeddings.distillation_token", "dist_token")],
        beside: [
            .tensor("cls_classifier.weight|bias", "head.$"), .ignore("cls_classifier.**", Unneeded.projector),
            .ignore("distillation_classifier.**", Unneeded.distilledHead),
        ],
        signs: [
            LayoutSign(.own) { $0.isModelType("deit") },
            LayoutSign(.parts) { $0.has("dist_token") || $0.prefix == "deit." },
        ],
        modelTypes: ["deit": 1e-12], eps: 1e-12)
}
