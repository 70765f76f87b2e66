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
            .tensor("cls_token|pos_embed|reg_token"), .tensor("patch_embed.proj.weight", view: .pixels),
            .tensor("patch_embed.proj.bias"), .tensor("patch_embed.norm.weight|bias"),
            .tensor("norm_pre|norm|fc_norm.weight|bias"), .tensor("rope.periods|freqs"),
            .tensor("blocks.#.norm1|norm2.weight|bias"), .tensor("blocks.#.attn.qkv|proj.weight|bias"),
            .tensor("blocks.#.attn.q_norm|k_norm|norm.weight|bias"),
            .tensor("blocks.#.attn.q_proj.weight|bias", "blocks.#.attn.qkv.$", part: .query),
            .tensor("blocks.#.attn.k_proj.weight|bias", "blocks.#.attn.qkv.$", part: .key),
            .tensor("blocks.#.attn.v_proj.weight|bias", "blocks.#.attn.qkv.$", part: .value),
            .tensor("blocks.#.mlp.fc1|fc2|norm.weight|bias"), .tensor("blocks.#.ls1|ls2.gamma"),
            .tensor("blocks.#.mlp.fc1_g.weight|bias", "blocks.#.mlp.fc1.$", part: .gate),
            .tensor("blocks.#.mlp.fc1_x.weight|bias", "blocks.#.mlp.fc1.$", part: .up),
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
        outside: [
            .ignore(
                "text|text_model|transformer|token_embedding|ln_final|positional_embedding|text_projection|logit_scale|"
                    + "logit_bias.**", Unneeded.text),
            .ignore("visual.head.**", Unneeded.projector),
        ],
        strays: [
            "*token*", "*pos*", "*rope*", "*freq*", "*embed*", "*block*", "*layer*", "*norm*", "*ln_*", "*patch*",
            "*rel_*", "*attn*", "*stage*",
        ].map { $0 + ".**" },
        isShared: true)
}
