extension CheckpointLayout {
    /// mmpretrain's ViT, open-mmlab/mmpretrain.
    public static let mmpretrain = CheckpointLayout(
        "mmpretrain", title: "mmpretrain", reads: "`backbone.` and bare; registers of nothing else",
        scheme: .mmpretrain,
        signs: [LayoutSign(.plain)])
}

extension NameScheme {
    static let mmpretrain = NameScheme(
        "mmpretrain",
        roots: [
            NameRoot("layers.#.ln1|ln2|ffn.**", isBlock: true), NameRoot("layers.#.attn.qkv|proj.**", isBlock: true),
            NameRoot("patch_embed.projection.**"),
        ],
        names: [
            .tensor("cls_token|pos_embed"), .tensor("patch_embed.projection.weight|bias", "patch_embed.proj.$"),
            .tensor("ln1.weight|bias", "norm.$"), .tensor("pre_norm.weight|bias", "norm_pre.$"),
            .tensor("ln2.weight|bias", "fc_norm.$"),
            numberedLayer("ln1", "norm1"), numberedLayer("ln2", "norm2"), numberedLayer("attn.qkv", "attn.qkv"),
            numberedLayer("attn.proj", "attn.proj"), numberedLayer("ffn.layers.0.0", "mlp.fc1"),
            numberedLayer("ffn.layers.1", "mlp.fc2"),
            .tensor("layers.#.attn.gamma1.weight", "blocks.#.ls1.gamma"),
            .tensor("layers.#.ffn.gamma2.weight", "blocks.#.ls2.gamma"),
        ],
        beside: [
            .tensor("head.layers.head.weight|bias", "head.$"),
            .ignore("head|neck|data_preprocessor.**", Unneeded.projector),
        ],
        strays: ["layers|patch_embed|cls_token|pos_embed|*norm*|*token*.**"])

    private static func numberedLayer(_ name: String, _ canonical: String) -> NameRule {
        .tensor("layers.#.\(name).weight|bias", "blocks.#.\(canonical).$")
    }
}
