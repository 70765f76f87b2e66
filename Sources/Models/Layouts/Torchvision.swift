extension CheckpointLayout {
    /// torchvision's ViT.
    public static let torchvision = CheckpointLayout(
        "torchvision", title: "torchvision", reads: "old and new names of the MLPs", scheme: .torchvision,
        signs: [LayoutSign(.plain)], activation: .gelu)
}

extension NameScheme {
    static let torchvision = NameScheme(
        "torchvision",
        roots: [NameRoot("encoder.layers.encoder_layer_*.**", isBlock: true), NameRoot("conv_proj.**")],
        names: [
            .tensor("class_token", "cls_token"), .tensor("encoder.pos_embedding", "pos_embed"),
            .tensor("conv_proj.weight|bias", "patch_embed.proj.$"), .tensor("encoder.ln.weight|bias", "norm.$"),
            encoderLayer("ln_1.weight|bias", "norm1.$"), encoderLayer("ln_2.weight|bias", "norm2.$"),
            encoderLayer("self_attention.in_proj_weight", "attn.qkv.weight"),
            encoderLayer("self_attention.in_proj_bias", "attn.qkv.bias"),
            encoderLayer("self_attention.out_proj.weight|bias", "attn.proj.$"),
            encoderLayer("mlp.0.weight|bias", "mlp.fc1.$"), encoderLayer("mlp.3.weight|bias", "mlp.fc2.$"),
            encoderLayer("mlp.linear_1.weight|bias", "mlp.fc1.$"),
            encoderLayer("mlp.linear_2.weight|bias", "mlp.fc2.$"),
        ],
        beside: [
            .tensor("heads.head.weight|bias", "head.$"), .ignore("heads.**", Unneeded.representation),
        ],
        strays: ["encoder|conv_proj|class_token.**"])

    private static func encoderLayer(_ name: String, _ canonical: String) -> NameRule {
        .tensor("encoder.layers.encoder_layer_#.\(name)", "blocks.#.\(canonical)")
    }
}
