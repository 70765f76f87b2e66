extension NameScheme {
    /// timm's names, which most research code has too; the canonical ones.
    package static let timm = NameScheme(
        "timm",
        roots: [
            // Blocks of a numbered stage belong to a pyramid such as Swin.
            NameRoot("blocks.#.**", isBlock: true, mayFollowNumber: false),
            NameRoot("patch_embed.proj.**"), NameRoot("cls_token|pos_embed"),
        ],
        names: [
            .tensor("cls_token|pos_embed|reg_token"), .tensor("patch_embed.proj.weight|bias"),
            .tensor("norm_pre|norm|fc_norm.weight|bias"),
            .tensor("blocks.#.norm1|norm2.weight|bias"), .tensor("blocks.#.attn.qkv|proj.weight|bias"),
            .tensor("blocks.#.mlp.fc1|fc2.weight|bias"), .tensor("blocks.#.ls1|ls2.gamma"),
        ],
        beside: [
            .tensor("head.weight|bias"), .ignore("head.**", Unneeded.projector),
            .ignore("projector|projection_head|last_layer|prototypes|fc.**", Unneeded.projector),
            .ignore("predictor.**", "the predictor of the training objective"),
            .ignore("mask_token|masked_embed.**", Unneeded.maskToken),
            .ignore("pre_logits.**", Unneeded.representation),
            .ignore("attn_pool.**", "attention pooling is not supported; there are no logits"),
            .ignore("decoder.**", Unneeded.decoder),
            // This program's own checkpoints carry what training goes on from.
            .ignore("optimizer|momentum|buffers|momentum_buffers.**", Unneeded.training),
            .ignore("probe.**", "a linear probe's classifiers"),
        ],
        strays: [
            "*token*", "*pos*", "*rope*", "*freq*", "*embed*", "*block*", "*layer*", "*norm*", "*ln_*", "*patch*",
            "*rel_*", "*attn*", "*stage*",
        ].map { $0 + ".**" },
        isShared: true)
}
