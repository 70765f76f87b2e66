extension CheckpointLayout {
    /// ViT and AugReg (Dosovitskiy et al. 2021, Steiner et al. 2022), google-research/vision_transformer.
    public static let jax = CheckpointLayout(
        "jax", title: "JAX", reads: "`.npz`", scheme: .jax, signs: [LayoutSign(.plain)],
        resampling: { _ in .bicubicAntialiased })
}

extension NameScheme {
    /// Names whose kernels are (in, out) and whose heads stand apart.
    static let jax = NameScheme(
        "jax", separator: "/",
        roots: [NameRoot("Transformer/encoderblock_*/**", isBlock: true), NameRoot("embedding/kernel/**")],
        names: [
            .tensor("cls", "cls_token"),
            .tensor("embedding/kernel", "patch_embed.proj.weight", view: .convolution),
            .tensor("embedding/bias", "patch_embed.proj.bias"),
            .tensor("Transformer/posembed_input/pos_embedding", "pos_embed"),
            .tensor("Transformer/encoder_norm/scale", "norm.weight"),
            .tensor("Transformer/encoder_norm/bias", "norm.bias"),
            encoderBlock("LayerNorm_0/scale", "norm1.weight"), encoderBlock("LayerNorm_0/bias", "norm1.bias"),
            encoderBlock("LayerNorm_2/scale", "norm2.weight"), encoderBlock("LayerNorm_2/bias", "norm2.bias"),
            encoderBlock("\(attention)/query/kernel", "attn.qkv.weight", .query, .headsLast),
            encoderBlock("\(attention)/key/kernel", "attn.qkv.weight", .key, .headsLast),
            encoderBlock("\(attention)/value/kernel", "attn.qkv.weight", .value, .headsLast),
            encoderBlock("\(attention)/query/bias", "attn.qkv.bias", .query, .flat),
            encoderBlock("\(attention)/key/bias", "attn.qkv.bias", .key, .flat),
            encoderBlock("\(attention)/value/bias", "attn.qkv.bias", .value, .flat),
            encoderBlock("\(attention)/out/kernel", "attn.proj.weight", nil, .headsFirst),
            encoderBlock("\(attention)/out/bias", "attn.proj.bias"),
            encoderBlock("MlpBlock_3/Dense_0/kernel", "mlp.fc1.weight", nil, .transposed),
            encoderBlock("MlpBlock_3/Dense_0/bias", "mlp.fc1.bias"),
            encoderBlock("MlpBlock_3/Dense_1/kernel", "mlp.fc2.weight", nil, .transposed),
            encoderBlock("MlpBlock_3/Dense_1/bias", "mlp.fc2.bias"),
            .tensor("head/kernel", "head.weight", view: .transposed), .tensor("head/bias", "head.bias"),
            .ignore("pre_logits/**", Unneeded.representation),
        ],
        strays: ["Transformer|embedding|cls/**"])

    private static let attention = "MultiHeadDotProductAttention_1"

    static func encoderBlock(
        _ name: String, _ canonical: String, _ part: Placement.Part? = nil, _ view: Placement.View = .asStored
    ) -> NameRule {
        .tensor("Transformer/encoderblock_#/\(name)", "blocks.#.\(canonical)", part: part, view: view)
    }
}
