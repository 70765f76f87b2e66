extension CheckpointLayout {
    /// DINO (Caron et al. 2021), facebookresearch/dino.
    public static let dino = CheckpointLayout(
        "dino", title: "DINO", reads: "full and backbone files", scheme: .timm,
        signs: [
            LayoutSign(.parts) { $0.isOfDINO },
            LayoutSign(.trace) { $0.hints.fields["args.momentum_teacher"] != nil },
            // The released backbones are bare and tell nothing of themselves but by their file's name.
            LayoutSign(.trace) { !$0.has("head.weight") && $0.says("dino") && !$0.says("dinov2") },
        ],
        parts: { _ in LayoutParts(qkvBias: true) }, resampling: { _ in .bicubicOffset(0.1) })
}

extension LayoutEvidence {
    /// Whether the network is one of a student and a teacher, or has DINO's head beside it.
    var isOfDINO: Bool {
        !roles.isDisjoint(with: ["teacher", "student"])
            || holds { $0.hasSuffix("head.last_layer.weight_v") || $0.hasSuffix("head.mlp.0.weight") }
    }
}
