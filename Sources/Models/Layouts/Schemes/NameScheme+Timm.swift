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
            .tensor("attn_pool.latent"), .tensor("attn_pool.q|kv|proj|norm.weight|bias"),
            .tensor("attn_pool.mlp.fc1|fc2.weight|bias"),
        ],
        beside: [
            .tensor("head.weight|bias"), .ignore("head.**", Unneeded.projector),
            .ignore("projector|projection_head|last_layer|prototypes|fc.**", Unneeded.projector),
            .ignore("predictor.**", "the predictor of the training objective"),
            .ignore("mask_token|masked_embed.**", Unneeded.maskToken),
            .ignore("pre_logits.**", Unneeded.representation),
            .ignore("attn_pool.**", Unneeded.pooling),
            .ignore("decoder.**", Unneeded.decoder),
            // This program's own checkpoints carry what training goes on from.
            .ignore("optimizer|momentum|buffers|momentum_buffers.**", Unneeded.training),
            // PyTorch's averaged models count what they average; Lightning keeps the modules of losses.
            .ignore("n_averaged|criterion|loss|loss_fn.**", Unneeded.training),
            .ignore("*_loss*.**", Unneeded.training),
            .ignore("probe.**", "a linear probe's classifiers"),
        ],
        outside: [
            .ignore(
                "text|text_model|transformer|token_embedding|ln_final|positional_embedding|text_projection|logit_scale|"
                    + "logit_bias.**", Unneeded.text),
            // BLIP's and ALBEF's.
            .ignore(
                "text_encoder|text_encoder_m|text_decoder|text_proj|text_proj_m|itm_head|vision_proj|vision_proj_m|temp|"
                    + "image_queue|text_queue|queue_ptr|idx_queue.**", "a part of the model beside its image encoder"),
            .ignore("visual.head.**", Unneeded.projector),
        ],
        strays: [
            "*token*", "*pos*", "*rope*", "*freq*", "*embed*", "*block*", "*layer*", "*norm*", "*ln_*", "*patch*",
            "*rel_*", "*attn*", "*stage*",
        ].map { $0 + ".**" },
        isShared: true)
}
