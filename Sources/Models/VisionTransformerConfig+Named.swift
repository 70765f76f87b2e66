import Platform

extension VisionTransformerConfig {
    /// Sizes of the family by timm's word for each: width, depth, heads.
    private static let sizes: [(word: String, embedDim: Int, depth: Int, numHeads: Int)] = [
        ("tiny", 192, 12, 3), ("small", 384, 12, 6), ("base", 768, 12, 12), ("large", 1024, 24, 16),
        ("huge", 1280, 32, 16),
    ]

    /// The words that `named(_:)` knows between `vit_` and `_patch`.
    public static var knownSizes: [String] { sizes.map(\.word) }

    /// The plain ViT that timm calls `vit_SIZE_patchP_S`, such as `vit_base_patch16_224`; nil for another name, or
    /// where patches do not fill the image.
    public static func named(_ name: String) -> VisionTransformerConfig? {
        let parts = name.split(separator: "_")
        guard parts.count == 4, parts[0] == "vit", parts[2].hasPrefix("patch"),
            let size = sizes.first(where: { $0.word == parts[1] }),
            let patchSize = Int(parts[2].dropFirst(5)), let side = Int(parts[3]),
            (1...256).contains(patchSize), (patchSize...4096).contains(side), side % patchSize == 0
        else { return nil }
        return VisionTransformerConfig(
            imgSize: ImageSize(height: side, width: side), patchSize: patchSize, embedDim: size.embedDim,
            depth: size.depth, numHeads: size.numHeads, mlpHidden: 4 * size.embedDim)
    }

    /// The plain ViT's timm name, or nil for sizes without one.
    public var timmName: String? {
        guard imgSize.height == imgSize.width, mlpHidden == 4 * embedDim,
            let size = Self.sizes.first(where: { $0.embedDim == embedDim && $0.depth == depth })
        else { return nil }
        return "vit_\(size.word)_patch\(patchSize)_\(imgSize.height)"
    }
}
