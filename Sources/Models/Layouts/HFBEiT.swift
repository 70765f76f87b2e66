extension CheckpointLayout {
    /// transformers' BEiT and Data2Vec for images.
    public static let hfBEiT = CheckpointLayout(
        "hf_beit", title: "Hugging Face BEiT", reads: "folders; shared and per-block relative position bias; data2vec",
        scheme: .huggingFace,
        names: [
            .ignore("**.relative_position_index", Unneeded.index),
            .tensor("encoder.layer.#.lambda_1", "blocks.#.ls1.gamma"),
            .tensor("encoder.layer.#.lambda_2", "blocks.#.ls2.gamma"),
            .tensor(
                "encoder.layer.#.**.relative_position_bias_table", "blocks.#.attn.relative_position_bias_table"),
            .tensor("encoder.relative_position_bias.**.relative_position_bias_table", shared),
            .tensor("shared_position_bias.**.relative_position_bias_table", shared),
            .tensor("pooler.layernorm.weight|bias", "fc_norm.$"),
        ],
        beside: [
            // Masked image modelling norms outside of its backbone.
            .tensor("layernorm.weight|bias", "norm.$"),
            .ignore("lm_head.**", Unneeded.tokenPredictor),
            .ignore("decode_head|auxiliary_head|fpn1|fpn2|fpn3|fpn4.**", Unneeded.decoder),
        ],
        signs: [
            LayoutSign(.own) { $0.isModelType("beit", "data2vec-vision") },
            LayoutSign(.parts) { $0.has("blocks.0.ls1.gamma") || $0.hasRelativeTable || $0.prefix == "beit." },
        ],
        modelTypes: ["beit": 1e-12, "data2vec-vision": 1e-12], eps: 1e-12,
        parts: { hints in
            LayoutParts(
                // Without a table of positions only where the configuration says so.
                posEmbed: hints.config["use_absolute_position_embeddings"]?.bool == false ? false : nil,
                // Whoever pools patches norms their mean instead, or nothing.
                finalNorm: hints.config["use_mean_pooling"]?.bool != false ? false : nil)
        },
        relativeResampling: .bilinear)

    private static let shared = "rel_pos_bias.relative_position_bias_table"
}
