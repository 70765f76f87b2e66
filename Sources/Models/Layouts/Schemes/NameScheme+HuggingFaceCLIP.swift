extension NameScheme {
    /// Names of transformers' CLIP and of the models made after it, whose text towers have the same.
    package static let huggingFaceCLIP = NameScheme(
        "hugging_face_clip",
        roots: [
            NameRoot("encoder.layers.#.**", isBlock: true),
            NameRoot("embeddings.patch_embedding|patch_embed.**", isPixels: true),
        ],
        names: [
            .tensor("embeddings.class_embedding", "cls_token", view: .table),
            .tensor("embeddings.patch_embedding.weight", "patch_embed.proj.weight", view: .pixelRows),
            .tensor("embeddings.patch_embedding.bias", "patch_embed.proj.bias"),
            .tensor("embeddings.position_embedding.weight", "pos_embed", view: .table),
            .tensor("embeddings.position_embedding", "pos_embed", view: .table),
            .ignore("embeddings.position_ids", Unneeded.index),
            .tensor("pre_layrnorm|pre_layernorm.weight|bias", "norm_pre.$"),
            .tensor("post_layernorm.weight|bias", "norm.$"),
            layer("layer_norm1", "norm1"), layer("layer_norm2", "norm2"),
            layer("self_attn.q_proj", "attn.qkv", .query), layer("self_attn.k_proj", "attn.qkv", .key),
            layer("self_attn.v_proj", "attn.qkv", .value), layer("self_attn.out_proj", "attn.proj"),
            layer("mlp.fc1", "mlp.fc1"), layer("mlp.fc2", "mlp.fc2"),
            .tensor("head.probe", "attn_pool.latent"),
            .tensor("head.attention.in_proj_weight", "attn_pool.qkv.weight"),
            .tensor("head.attention.in_proj_bias", "attn_pool.qkv.bias"),
            .tensor("head.attention.out_proj.weight|bias", "attn_pool.proj.$"),
            .tensor("head.layernorm.weight|bias", "attn_pool.norm.$"),
            .tensor("head.mlp.fc1.weight|bias", "attn_pool.mlp.fc1.$"),
            .tensor("head.mlp.fc2.weight|bias", "attn_pool.mlp.fc2.$"), .ignore("head.**", Unneeded.pooling),
        ],
        beside: [
            .tensor("visual_projection.weight", "head.weight"), .tensor("classifier.weight|bias", "head.$"),
            .ignore("classifier.**", Unneeded.projector),
        ],
        outside: [
            .ignore("text_model|text_projection|logit_scale|logit_bias.**", Unneeded.text),
            .ignore("**", "a part of another network"),
        ],
        strays: ["embeddings|encoder.**"], isSharedWithText: true)

    /// A layer of a block: its name in transformers, timm's, and which part of that it is.
    static func layer(_ name: String, _ canonical: String, _ part: Placement.Part? = nil) -> NameRule {
        .tensor("encoder.layers.#.\(name).weight|bias", "blocks.#.\(canonical).$", part: part)
    }
}
