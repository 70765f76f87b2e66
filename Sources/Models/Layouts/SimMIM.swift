extension CheckpointLayout {
    /// SimMIM (Xie et al. 2022), microsoft/SimMIM.
    public static let simMIM = CheckpointLayout(
        "simmim", title: "SimMIM", reads: "pre-training and fine-tuning checkpoints; shared relative position bias",
        scheme: .timm,
        signs: [
            LayoutSign(.own) { $0.hints.hasFields(below: "config.MODEL.VIT") },
            LayoutSign(.own) {
                $0.words.contains("encoder") && ($0.hasRelativeTable || $0.holdsFull("decoder.0.weight"))
            },
        ],
        told: ToldPlaces(heads: [.file("config.MODEL.VIT.NUM_HEADS")], imgSize: [.file("config.DATA.IMG_SIZE")]),
        parts: { _ in LayoutParts(relPos: .shared) })
}
