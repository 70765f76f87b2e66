extension CheckpointLayout {
    /// BEiT and BEiT v2 (Bao et al. 2022, Peng et al. 2022), microsoft/unilm.
    public static let beit = CheckpointLayout(
        "beit", title: "BEiT",
        reads: "pre-training and fine-tuning; relative position bias in every block, separate q and v biases",
        scheme: .timm,
        names: [
            .tensor("blocks.#.attn.q_bias", "blocks.#.attn.qkv.bias", part: .query),
            .tensor("blocks.#.attn.k_bias", "blocks.#.attn.qkv.bias", part: .key),
            .tensor("blocks.#.attn.v_bias", "blocks.#.attn.qkv.bias", part: .value),
            .tensor("blocks.#.attn.relative_position_bias_table"), .tensor("rel_pos_bias.relative_position_bias_table"),
            .ignore("blocks.#.attn.relative_position_index", Unneeded.index),
            .ignore("rel_pos_bias.relative_position_index", Unneeded.index),
        ],
        beside: [
            .ignore("lm_head.**", Unneeded.tokenPredictor),
            // BEiT v2 reads its class token with two more layers in pre-training.
            .ignore("cls_pt_layers.**", "layers that only pre-training reads the class token with"),
        ],
        signs: [
            LayoutSign(.own) { file in
                file.hasRelativeTable
                    && (file.holds("lm_head.weight") || file.holds("mask_token")
                        || file.holds { $0.hasSuffix("relative_position_index") })
            }
        ],
        families: ["beit", "beitv2"])
}
