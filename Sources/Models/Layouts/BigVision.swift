extension CheckpointLayout {
    /// ViT and SigLIP (Zhai et al. 2022, 2023) of google-research/big_vision, whose blocks are numbered one by one.
    public static let bigVision = CheckpointLayout(
        "big_vision", title: "big_vision", reads: "`.npz`; the image tower; the pooling by attention with its map",
        scheme: .jax,
        names: [
            .tensor("pos_embedding", "pos_embed"),
            NameScheme.encoderBlock("LayerNorm_1/scale", "norm2.weight"),
            NameScheme.encoderBlock("LayerNorm_1/bias", "norm2.bias"),
            NameScheme.encoderBlock("\(attention)/query/kernel", "attn.qkv.weight", .query, .headsLast),
            NameScheme.encoderBlock("\(attention)/key/kernel", "attn.qkv.weight", .key, .headsLast),
            NameScheme.encoderBlock("\(attention)/value/kernel", "attn.qkv.weight", .value, .headsLast),
            NameScheme.encoderBlock("\(attention)/query/bias", "attn.qkv.bias", .query, .flat),
            NameScheme.encoderBlock("\(attention)/key/bias", "attn.qkv.bias", .key, .flat),
            NameScheme.encoderBlock("\(attention)/value/bias", "attn.qkv.bias", .value, .flat),
            NameScheme.encoderBlock("\(attention)/out/kernel", "attn.proj.weight", nil, .headsFirst),
            NameScheme.encoderBlock("\(attention)/out/bias", "attn.proj.bias"),
            NameScheme.encoderBlock("MlpBlock_0/Dense_0/kernel", "mlp.fc1.weight", nil, .transposed),
            NameScheme.encoderBlock("MlpBlock_0/Dense_0/bias", "mlp.fc1.bias"),
            NameScheme.encoderBlock("MlpBlock_0/Dense_1/kernel", "mlp.fc2.weight", nil, .transposed),
            NameScheme.encoderBlock("MlpBlock_0/Dense_1/bias", "mlp.fc2.bias"),
            .tensor("MAPHead_0/probe", "attn_pool.latent"),
            .tensor("MAPHead_0/\(attention)/query/kernel", "attn_pool.qkv.weight", part: .query, view: .headsLast),
            .tensor("MAPHead_0/\(attention)/key/kernel", "attn_pool.qkv.weight", part: .key, view: .headsLast),
            .tensor("MAPHead_0/\(attention)/value/kernel", "attn_pool.qkv.weight", part: .value, view: .headsLast),
            .tensor("MAPHead_0/\(attention)/query/bias", "attn_pool.qkv.bias", part: .query, view: .flat),
            .tensor("MAPHead_0/\(attention)/key/bias", "attn_pool.qkv.bias", part: .key, view: .flat),
            .tensor("MAPHead_0/\(attention)/value/bias", "attn_pool.qkv.bias", part: .value, view: .flat),
            .tensor("MAPHead_0/\(attention)/out/kernel", "attn_pool.proj.weight", view: .headsFirst),
            .tensor("MAPHead_0/\(attention)/out/bias", "attn_pool.proj.bias"),
            .tensor("MAPHead_0/LayerNorm_0/scale", "attn_pool.norm.weight"),
            .tensor("MAPHead_0/LayerNorm_0/bias", "attn_pool.norm.bias"),
            .tensor("MAPHead_0/MlpBlock_0/Dense_0/kernel", "attn_pool.mlp.fc1.weight", view: .transposed),
            .tensor("MAPHead_0/MlpBlock_0/Dense_0/bias", "attn_pool.mlp.fc1.bias"),
            .tensor("MAPHead_0/MlpBlock_0/Dense_1/kernel", "attn_pool.mlp.fc2.weight", view: .transposed),
            .tensor("MAPHead_0/MlpBlock_0/Dense_1/bias", "attn_pool.mlp.fc2.bias"),
            .ignore("MAPHead_0/**", Unneeded.pooling),
        ],
        beside: [.ignore("txt|t|b/**", Unneeded.text), .ignore("params/txt|t|b/**", Unneeded.text)],
        signs: [LayoutSign(.own) { $0.holds("pos_embedding") }],
        // flax's gelu is the approximation.
        activation: .geluTanh, resampling: { _ in .bicubicAntialiased }, images: .half(.bilinear))

    private static let attention = "MultiHeadDotProductAttention_0"
}
