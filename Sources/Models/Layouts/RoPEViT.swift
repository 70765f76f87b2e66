extension CheckpointLayout {
    /// RoPE-ViT (Heo et al. 2024), naver-ai/rope-vit as timm names it.
    public static let ropeViT = CheckpointLayout(
        "rope_vit", title: "RoPE-ViT",
        reads: "timm's `vit_*_rope*` with a class token; one table, or frequencies of each head",
        scheme: .timm,
        signs: [
            LayoutSign(.own) {
                $0.has("cls_token") && !$0.has("reg_token") && !$0.has("pos_embed") && !$0.hasRelativeTable
                    && $0.holds("blocks.0.gamma_1")
            }
        ],
        rotation: { _, _ in .ropeViT }, imgSize: 224,
        parts: { _ in LayoutParts(layerScale: true, posEmbed: false, classToken: true) })

    /// timm's own networks that turn queries and keys and have registers alone.
    public static let timmRoPE = CheckpointLayout(
        "timm_rope", title: "timm's networks with rotary positions", reads: "`vit_*_rope_reg*_gap_*`", scheme: .timm,
        signs: [
            LayoutSign(.own) {
                !$0.has("cls_token") && $0.has("reg_token") && !$0.has("pos_embed") && !$0.hasRelativeTable
                    && $0.holds("blocks.0.gamma_1")
            }
        ],
        rotation: { _, _ in .axial }, imgSize: 256,
        parts: { _ in LayoutParts(layerScale: true, posEmbed: false, classToken: false) })
}
