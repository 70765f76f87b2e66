extension CheckpointLayout {
    /// MoCo v3 (Chen et al. 2021), facebookresearch/moco-v3.
    public static let mocoV3 = CheckpointLayout(
        "moco_v3", title: "MoCo v3",
        reads: "training checkpoints with momentum encoder, predictor and optimizer; the convolutional stem",
        scheme: .timm,
        names: [
            // The stem: an index into a sequence of convolutions and batch norms.
            .tensor("patch_embed.proj.\(stem).weight|bias|running_mean|running_var"),
            .ignore("patch_embed.proj.\(stem).num_batches_tracked", "a batch counter of training"),
        ],
        signs: [
            LayoutSign(.own) { !$0.words.isDisjoint(with: ["base_encoder", "momentum_encoder"]) },
            LayoutSign(.positions) { $0.positions == .mocoV3 },
        ],
        // Its small ViT has twelve heads, everybody else's six.
        heads: [384: 12], parts: { _ in LayoutParts(qkvBias: true) }, sinCosTable: .mocoV3)

    private static let stem = (0...12).map(String.init).joined(separator: "|")
}
