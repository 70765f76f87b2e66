extension NameScheme {
    /// Names of transformers' ViT and of the models made after it: those on disk, and the newer ones that models carry
    /// in memory from 5.0 on.
    package static let huggingFace = NameScheme(
        "hugging_face",
        roots: [
            NameRoot("embeddings.*.**"), NameRoot("encoder.layer.**", isBlock: true),
            // What follows the number of a block, and not in the names of language models.
            NameRoot(
                "layers.#.attention|layernorm_before|layernorm_after|norm1|norm2|layer_scale1|layer_scale2|lambda_1|"
                    + "lambda_2|intermediate|relative_position_bias.**", isBlock: true),
        ],
        names: [
            .rename("layers.#.**", to: "encoder.layer.#.**"),
            .tensor("embeddings.cls_token", "cls_token"), .tensor("embeddings.position_embeddings", "pos_embed"),
            .tensor("embeddings.patch_embeddings.projection.weight|bias", "patch_embed.proj.$"),
            .ignore("embeddings.mask_token", Unneeded.maskToken),
            .tensor("layernorm.weight|bias", "norm.$"),
            block("layernorm_before", "norm1"), block("norm1", "norm1"),
            block("layernorm_after", "norm2"), block("norm2", "norm2"),
            block("attention.attention.query", "attn.qkv", .query), block("attention.q_proj", "attn.qkv", .query),
            block("attention.attention.key", "attn.qkv", .key), block("attention.k_proj", "attn.qkv", .key),
            block("attention.attention.value", "attn.qkv", .value), block("attention.v_proj", "attn.qkv", .value),
            block("attention.output.dense", "attn.proj"), block("attention.o_proj", "attn.proj"),
            block("intermediate.dense", "mlp.fc1"), block("mlp.fc1", "mlp.fc1"),
            block("output.dense", "mlp.fc2"), block("mlp.fc2", "mlp.fc2"),
            .stray("pooler.layernorm.**"),
            .ignore("pooler.**", "a pooler that attention and features do not use"),
        ],
        beside: [
            .tensor("classifier.weight|bias", "head.$"), .ignore("classifier.**", Unneeded.projector),
            .ignore("decoder.**", Unneeded.decoder),
        ],
        strays: ["embeddings|encoder|layers|layernorm.**"], hasOtherNetworksBeside: false)

    /// A layer of a block: its name in transformers, timm's, and which part of that it is.
    static func block(_ name: String, _ canonical: String, _ part: Placement.Part? = nil) -> NameRule {
        .tensor("encoder.layer.#.\(name).weight|bias", "blocks.#.\(canonical).$", part: part)
    }
}
