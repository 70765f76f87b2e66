extension CheckpointLayout {
    /// timm's NaFlexViT, whose images keep their shape (after Dehghani et al. 2023), on one fixed grid.
    public static let naFlexViT = CheckpointLayout(
        "naflex_vit", title: "timm's NaFlexViT",
        reads: "`naflexvit_*` on a fixed grid; one table, or one for each axis",
        scheme: .timm,
        names: [
            .tensor("embeds.cls_token|reg_token", "$"), .tensor("embeds.pos_embed", "pos_embed", view: .table),
            .tensor("embeds.pos_embed_y", "pos_rows"), .tensor("embeds.pos_embed_x", "pos_cols"),
            .tensor("embeds.proj.weight", "patch_embed.proj.weight", view: .pixelRows),
            .tensor("embeds.proj.bias", "patch_embed.proj.bias"),
        ],
        doubts: [
            .network(
                "those of timm's NaFlexViT, which differ in how positions are resampled",
                arch: "naflexvit_base_patch16_gap"
            ) { $0.holds("embeds.proj.weight") }
        ],
        signs: [LayoutSign(.own) { $0.holds("embeds.proj.weight") }], families: ["naflexvit"], imgSize: 256,
        hasLargerTable: true, resampling: { _ in .bicubicAntialiased }, images: .half(.bicubic))
}
