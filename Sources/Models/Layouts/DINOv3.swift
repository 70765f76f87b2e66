extension CheckpointLayout {
    /// DINOv3 (Siméoni et al. 2025), facebookresearch/dinov3, and timm's names for it.
    public static let dinov3 = CheckpointLayout(
        "dinov3", title: "DINOv3", reads: "backbone and training files, timm's; SwiGLU, stored periods",
        scheme: .timm,
        names: [
            .tensor("storage_tokens", "reg_token"), .tensor("rope_embed.periods", "rope.periods"),
            .tensor("blocks.#.attn.qkv.bias_mask"), .tensor("cls_norm|local_cls_norm.weight|bias"),
        ],
        beside: [.ignore("projectors.**", Unneeded.projector)],
        signs: [
            LayoutSign(.own) { $0.holds("storage_tokens") || $0.has("rope.periods") },
            LayoutSign(.own) {
                $0.has("reg_token") && $0.has("cls_token") && !$0.has("pos_embed") && !$0.hasRelativeTable
                    && $0.has("blocks.0.ls1.gamma")
            },
        ],
        unneeded: [
            ".attn.qkv.bias_mask": "the mask of the keys' biases, which are taken as zeros",
            "cls_norm.weight": "a norm of the class token alone, which only heads read",
            "cls_norm.bias": "a norm of the class token alone, which only heads read",
        ],
        rotation: { _, _ in .dinov3 }, eps: 1e-5, imgSize: 224, heads: [1280: 20],
        parts: { _ in LayoutParts(layerScale: true, posEmbed: false, classToken: true) }, images: .squashed)
}
