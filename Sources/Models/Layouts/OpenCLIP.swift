extension CheckpointLayout {
    /// OpenAI's and OpenCLIP's names of an image tower (Radford et al. 2021), mlfoundations/open_clip.
    public static let openCLIP = CheckpointLayout(
        "open_clip", title: "OpenCLIP", reads: "the image tower alone or beside the text tower", scheme: .openCLIP,
        doubts: [
            .activation("the names are CLIP's, and OpenAI's CLIP has quick_gelu, others gelu") { $0.config.rope == nil }
        ],
        signs: [LayoutSign(.plain)],
        told: ToldPlaces(
            heads: [.config("model_cfg.vision_cfg.heads")], imgSize: [.config("model_cfg.vision_cfg.image_size")]),
        eps: 1e-5, parts: { _ in LayoutParts(headBias: false) }, resampling: { _ in .bicubicAntialiased }, images: .clip
    )

    /// Perception Encoder (Bolya et al. 2025), facebookresearch/perception_models. Its names are OpenCLIP's: the pooling of
    /// Core tells it, and that Lang and Spatial have no norm at the end.
    public static let perceptionEncoder = CheckpointLayout(
        "perception_encoder", title: "Perception Encoder",
        reads: "Core, Lang and Spatial; the pooling by attention with its map",
        scheme: .openCLIP, signs: [LayoutSign(.own) { $0.holds("attn_pool.probe") || !$0.has("norm.weight") }],
        rotation: { _, _ in .perceptionEncoder }, activation: .gelu, eps: 1e-5, heads: [1536: 16],
        parts: { _ in LayoutParts(finalNorm: false, headBias: false) }, resampling: { _ in .bilinear },
        images: .half(.bilinear))
}

extension NameScheme {
    /// OpenAI's names of CLIP, whose text tower has the same for its blocks.
    static let openCLIP = NameScheme(
        "open_clip",
        roots: [
            NameRoot("transformer.resblocks.#.**", isBlock: true), NameRoot("conv1.weight", isPixels: true),
        ],
        names: [
            .tensor("class_embedding", "cls_token", view: .table),
            .tensor("positional_embedding", "pos_embed", view: .table),
            .tensor("conv1.weight|bias", "patch_embed.proj.$"), .tensor("ln_pre.weight|bias", "norm_pre.$"),
            .tensor("ln_post.weight|bias", "norm.$"), .tensor("proj", "head.weight", view: .transposed),
            resblock("ln_1.weight|bias", "norm1.$"), resblock("ln_2.weight|bias", "norm2.$"),
            resblock("attn.in_proj_weight", "attn.qkv.weight"), resblock("attn.in_proj_bias", "attn.qkv.bias"),
            resblock("attn.out_proj.weight|bias", "attn.proj.$"), resblock("mlp.c_fc.weight|bias", "mlp.fc1.$"),
            resblock("mlp.c_proj.weight|bias", "mlp.fc2.$"), resblock("ls_1.gamma", "ls1.gamma"),
            resblock("ls_2.gamma", "ls2.gamma"),
            .tensor("attn_pool.probe", "attn_pool.latent"),
            .tensor("attn_pool.attn.in_proj_weight", "attn_pool.qkv.weight"),
            .tensor("attn_pool.attn.in_proj_bias", "attn_pool.qkv.bias"),
            .tensor("attn_pool.attn.out_proj.weight|bias", "attn_pool.proj.$"),
            .tensor("attn_pool.layernorm.weight|bias", "attn_pool.norm.$"),
            .tensor("attn_pool.mlp.c_fc.weight|bias", "attn_pool.mlp.fc1.$"),
            .tensor("attn_pool.mlp.c_proj.weight|bias", "attn_pool.mlp.fc2.$"),
            .ignore("attn_pool.**", Unneeded.pooling),
            .ignore("rope.**", Unneeded.rotary), .ignore("transformer.resblocks.#.attn.rope.**", Unneeded.rotary),
        ],
        outside: [
            .ignore(
                "text|text_model|transformer|token_embedding|ln_final|positional_embedding|text_projection|logit_scale|"
                    + "logit_bias|input_resolution|context_length|vocab_size.**", Unneeded.text)
        ],
        strays: ["transformer|class_embedding|positional_embedding|conv1|ln_pre|ln_post|*rel_*|*embed*.**"],
        isSharedWithText: true)

    private static func resblock(_ name: String, _ canonical: String) -> NameRule {
        .tensor("transformer.resblocks.#.\(name)", "blocks.#.\(canonical)")
    }
}
