extension CheckpointLayout {
    /// DeiT and DeiT III (Touvron et al. 2021, 2022), facebookresearch/deit.
    public static let deit = CheckpointLayout(
        "deit", title: "DeiT", reads: "plain and distilled; DeiT III", scheme: .timm,
        names: [
            .tensor("dist_token"),
            // DeiT III keeps the old names of layer scale.
            .tensor("blocks.#.gamma_1", "blocks.#.ls1.gamma"), .tensor("blocks.#.gamma_2", "blocks.#.ls2.gamma"),
        ],
        beside: [.ignore("head_dist.**", Unneeded.distilledHead)],
        doubts: [
            // DeiT III's own files have a key "model" around these names; timm has them only where it rotates.
            .network(
                "those of timm's networks that turn queries and keys by place (RoPE), and of DeiT III",
                arch: "deit3_base_patch16_224"
            ) {
                $0.holds("blocks.0.gamma_1") && $0.path.isEmpty && $0.config.posEmbed == .patches
                    && $0.config.rope == nil
            }
        ],
        signs: [
            LayoutSign(.parts) {
                $0.has("dist_token") || $0.holds("blocks.0.gamma_1") || $0.fileArch?.hasPrefix("deit") == true
            }
        ],
        families: ["deit", "deit3"], parts: { _ in LayoutParts(qkvBias: true) })
}
