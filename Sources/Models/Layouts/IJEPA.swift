extension CheckpointLayout {
    /// I-JEPA (Assran et al. 2023), facebookresearch/ijepa.
    public static let ijepa = CheckpointLayout(
        "ijepa", title: "I-JEPA", reads: "target encoder and encoder, without a class token", scheme: .timm,
        signs: [
            LayoutSign(.own) {
                !$0.has("cls_token") && !$0.hasRelativeTable && !$0.holdsFull("decoder.0.weight")
                    && !$0.words.isDisjoint(with: ["target_encoder", "encoder"])
            }
        ])
}
