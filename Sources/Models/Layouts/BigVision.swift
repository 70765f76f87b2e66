extension CheckpointLayout {
    /// ViT and SigLIP (Zhai et al. 2022, 2023) of google-research/big_vision, whose blocks are numbered one by one.
    public static let bigVision = CheckpointLayout(
        "big_vision", title: "big_vision", reads: "`.npz`; the image tower; the attention pooling is left out",
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
            .ignore("MAPHead_0/**", Unneeded.pooling),
        ],
        beside: [.ignore("txt|t|b/**", Unneeded.text), .ignore("params/txt|t|b/**", Unneeded.text)],
        signs: [LayoutSign(.own) { $0.holds("pos_embedding") }],
        // flax's gelu is the approximation.
        activation: .geluTanh, resampling: { _ in .bicubicAntialiased }, images: .half)

    private static let attention = "MultiHeadDotProductAttention_0"
}
