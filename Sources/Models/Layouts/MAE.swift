extension CheckpointLayout {
    /// MAE (He et al. 2022), facebookresearch/mae.
    public static let mae = CheckpointLayout(
        "mae", title: "MAE", reads: "with and without its decoder; fine-tuned", scheme: .timm,
        beside: [.ignore("decoder_*.**", Unneeded.decoder)],
        signs: [
            LayoutSign(.own) { $0.holds("decoder_embed.weight") },
            LayoutSign(.arguments) {
                $0.fileArch?.hasPrefix("mae") == true || $0.hints.fields["args.blr"] != nil
            },
            LayoutSign(.positions) { $0.positions == .mae },
        ],
        families: ["mae"], parts: { _ in LayoutParts(qkvBias: true) })
}
