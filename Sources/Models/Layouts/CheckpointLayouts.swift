/// The checkpoint layouts there are, in the order in which they are asked whether a file is theirs.
public struct CheckpointLayouts: Sendable {
    /// Those that this program knows.
    public static let standard = CheckpointLayouts([
        .mocoV3,
        .simMIM,
        .vjepa2,
        .radio,
        .ijepa,
        .mae,
        .dinov3,
        .eva02,
        .aimv2,
        .naFlexViT,
        .ropeViT,
        .timmRoPE,
        .dinov2,
        .dino,
        .deit,
        .beit,
        .timm,
        .hfSigLIP2,
        .hfSigLIP,
        .hfAIMv2,
        .internViT,
        .hfCLIP,
        .hfDINOv3,
        .hfVJEPA2,
        .hfInternVL,
        .hfDINOv2WithRegisters,
        .hfDINOv2,
        .hfBEiT,
        .hfDeiT,
        .hfViTMAE,
        .hfDINO,
        .hfViT,
        .perceptionEncoder,
        .openCLIP,
        .torchvision,
        .mmpretrain,
        .bigVision,
        .jax,
    ])

    public let all: [CheckpointLayout]
    /// The schemes of names that they have, each with what its layouts add to it.
    let schemes: [NameScheme]
    /// Words of names of architectures that have one of the layouts.
    let families: Set<String>
    /// transformers' `model_type`s that have one of the layouts, with the usual eps.
    let modelTypes: [String: Float]
    /// What configurations of such a `model_type` leave out.
    private let defaults: [String: [String: HintValue]]
    /// Where they tell what no tensor does.
    let told: ToldPlaces

    /// - Parameter all: of different names, likelier ones before others that a file might be taken for.
    package init(_ all: [CheckpointLayout]) {
        precondition(Set(all.map(\.name)).count == all.count, "two checkpoint layouts have one name")
        self.all = all
        var schemes: [NameScheme] = []
        for layout in all where !schemes.contains(where: { $0.name == layout.scheme.name }) {
            schemes.append(layout.scheme.extended(by: all.filter { $0.scheme.name == layout.scheme.name }))
        }
        self.schemes = schemes
        families = all.reduce(into: []) { $0.formUnion($1.families) }
        modelTypes = all.reduce(into: [:]) { $0.merge($1.modelTypes) { first, _ in first } }
        defaults = all.reduce(into: [:]) { $0.merge($1.defaults) { first, _ in first } }
        told = all.reduce(ToldPlaces()) { $0.joined(with: $1.told) }.joined(with: .common)
    }

    /// `hints` with what its configuration leaves out as the default of its `model_type`.
    func completing(_ hints: ModelHints) -> ModelHints {
        guard let known = hints.config["model_type"]?.string.flatMap({ defaults[$0] }) else { return hints }
        var hints = hints
        hints.config.merge(known) { told, _ in told }
        return hints
    }

    /// Whose file it is, of the layouts whose names the file has; nil where no sign speaks for one.
    func identify(_ evidence: LayoutEvidence, scheme: String) -> CheckpointLayout? {
        let candidates = all.filter { $0.scheme.name == scheme }
        for certainty in LayoutSign.Certainty.allCases {
            for layout in candidates {
                if layout.signs.contains(where: { $0.certainty == certainty && $0.isSeen(evidence) }) { return layout }
            }
        }
        return nil
    }
}
