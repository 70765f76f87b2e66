extension CheckpointLayout {
    /// transformers' DINOv2.
    public static let hfDINOv2 = CheckpointLayout(
        "hf_dinov2", title: "Hugging Face DINOv2", reads: "folders; SwiGLU; old and new tensor names",
        scheme: .huggingFace,
        names: [
            .tensor("encoder.layer.#.layer_scale1.lambda1", "blocks.#.ls1.gamma"),
            .tensor("encoder.layer.#.layer_scale2.lambda1", "blocks.#.ls2.gamma"),
            NameScheme.block("mlp.weights_in", "mlp.fc1"), NameScheme.block("mlp.weights_out", "mlp.fc2"),
            NameScheme.block("mlp.gate_proj", "mlp.fc1", .gate), NameScheme.block("mlp.up_proj", "mlp.fc1", .up),
            NameScheme.block("mlp.down_proj", "mlp.fc2"),
        ],
        signs: [LayoutSign(.own) { $0.isModelType("dinov2") }, LayoutSign(.parts) { $0.hasDINOv2Scale }],
        modelTypes: ["dinov2": 1e-6], parts: { _ in LayoutParts(layerScale: true) })
}

extension LayoutEvidence {
    /// Whether layer scale has the names that DINOv2 has in transformers.
    var hasDINOv2Scale: Bool { holds { $0.contains("layer_scale1.lambda1") } }
}
