extension CheckpointLayout {
    /// EVA-02 (Fang et al. 2024), baaivision/EVA, and timm's names for it.
    public static let eva02 = CheckpointLayout(
        "eva02", title: "EVA-02", reads: "both families of blocks; pre-training, fine-tuned and CLIP's image tower",
        scheme: .timm,
        names: [
            .tensor("blocks.#.attn.inner_attn_ln.weight|bias", "blocks.#.attn.norm.$"),
            .tensor("blocks.#.mlp.ffn_ln.weight|bias", "blocks.#.mlp.norm.$"),
            .ignore("rope.freqs_cos|freqs_sin", Unneeded.rotary), .ignore("blocks.#.attn.rope.**", Unneeded.rotary),
        ],
        signs: [
            LayoutSign(.own) {
                $0.isGated && $0.has("pos_embed") && !$0.hasRelativeTable && !$0.has("reg_token")
                    && ($0.holds("blocks.0.attn.q_bias") || $0.holds("blocks.0.attn.q_proj.weight"))
            }
        ],
        families: ["eva02"], rotation: { _, _ in .eva02 }, resampling: { _ in .bicubicAntialiased },
        images: ImageStatistics.clip)
}

extension LayoutEvidence {
    /// Whether the MLPs have a gate, by names or by rows of their first layer.
    var isGated: Bool {
        if ["w12", "w1", "fc1_g"].contains(where: { holds("blocks.0.mlp.\($0).weight") }) { return true }
        guard let rows = shape("blocks.0.mlp.fc1.weight")?.first, let hidden = shape("blocks.0.mlp.fc2.weight")?.last
        else { return false }
        return rows == 2 * hidden
    }
}

extension ImageStatistics {
    /// Those of OpenAI's CLIP (Radford et al. 2021).
    static let clip = ImageStatistics(
        mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711], cropPct: 1)
    /// ImageNet's, of images whose both sides are brought to size.
    static let squashed = ImageStatistics(
        mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], cropPct: 1, isSquashed: true,
        interpolation: .bilinear)

    /// From −1 to 1, of images whose both sides are brought to size.
    static func half(_ interpolation: Interpolation) -> ImageStatistics {
        ImageStatistics(
            mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], cropPct: 1, isSquashed: true, interpolation: interpolation)
    }
}
