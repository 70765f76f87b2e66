import Platform

/// What the name of an architecture says about a network that shapes of tensors do not.
package struct Architecture: Sendable, Equatable {
    /// As it was written.
    package let name: String
    /// The width that goes with `numHeads`, where the name tells a size.
    package var embedDim: Int?
    package var numHeads: Int?
    /// Of every layer norm.
    package var eps: Float = 1e-6
    package var activation = ActivationFunction.gelu
    /// Whether a norm follows the last block.
    package var hasFinalNorm = true
    package var norm = VisionTransformerConfig.Norm.layer
    /// Whether blocks norm what their branches add.
    package var postNorm = false
    package var rotation = Rotation.none
    /// How its table of positions is resampled; nil where its layout says it.
    package var resampling: GridResampling?
    /// The number at the end of a timm name, pixels.
    package var imgSize: Int?

    /// Whether queries and keys are turned by the places of their patches, as far as a name says it.
    package enum Rotation: Sendable, Equatable {
        /// The layout of the file decides.
        case byLayout
        case none
        case by(RotaryEmbedding)
    }

    /// Whether a name is one that is known, and to be what.
    package enum Reading: Sendable, Equatable {
        /// A network that is computed here.
        case plain(Architecture)
        /// Another network; what goes after “the architecture NAME …”.
        case refused(String)
        case unknown
    }

    /// What deviates from the usual.
    struct Traits: Sendable {
        var numHeads: Int?
        var eps: Float?
        var activation: ActivationFunction?
        var hasFinalNorm: Bool?
        var norm: VisionTransformerConfig.Norm?
        var postNorm: Bool?
        var rotation: Rotation?
        var resampling: GridResampling?
    }

    /// A network that transformers calls so.
    init(modelType: String, eps: Float) {
        name = modelType
        self.eps = eps
        rotation = .byLayout
    }

    private init(_ name: String) { self.name = name }

    /// Looks `name` up: a timm name such as `vit_small` or `vit_base_patch16_224.mae`, or a research repository's such
    /// as `mae_vit_large_patch16` or `dinov2_vits14`. Every word of it has to be known.
    ///
    /// - Parameter layouts: whose families count; a word of theirs is refused by no table.
    package static func read(_ name: String, _ layouts: CheckpointLayouts = .standard) -> Reading {
        let families = layouts.families
        let plain = name.lowercased().split(separator: ".", omittingEmptySubsequences: false).first.map(String.init)
        guard let plain, !plain.isEmpty else { return .unknown }
        let words = plain.split { $0 == "_" || $0 == "-" }.map(String.init)
        let others = words.filter { !families.contains($0) }
        if let why = others.lazy.compactMap({ refusals[$0] }).first { return .refused(why) }
        var architecture = Architecture(name)
        if let (size, traits) = named[plain] {
            architecture.take(size)
            architecture.take(traits)
            return .plain(architecture)
        }
        let isWide = words.contains(where: wideWords.contains)
        var isFamily = false
        for word in words {
            if families.contains(word) { isFamily = true }
            if let size = size(word) {
                architecture.take(size == giant && isWide ? wideGiant : size)
                isFamily = isFamily || word.hasPrefix("vit")
            } else if !families.contains(word), !inert.contains(word), !isNumbered(word) {
                return .unknown
            }
            if let traits = traits[word] { architecture.take(traits) }
        }
        guard isFamily else { return .unknown }
        if let exception = exceptions.first(where: { plain.hasPrefix($0.beginning) }) {
            exception.size.map { architecture.take($0) }
            architecture.take(exception.traits)
        }
        architecture.imgSize = words.compactMap { Int($0) }.last { (64...2048).contains($0) }
        architecture.refer(to: words)
        return .plain(architecture)
    }

    private static let giant = standardSizes.first { $0.word == "giant" }

    /// The size that `word` stands for; `vits14` of the research repositories is small with patches of 14.
    private static func size(_ word: String) -> Size? {
        let isShort = word.hasPrefix("vit") && word.count > 4 && word.dropFirst(4).allSatisfy(\.isNumber)
        let known = isShort ? String(word.prefix(4)) : word
        return (standardSizes + otherSizes).first { $0.word == known }
    }

    /// Words of a number: an image's side, `patch16`, `p16`, `reg4`.
    private static func isNumbered(_ word: String) -> Bool {
        let letters = ["patch", "reg", "p", ""].first { word.hasPrefix($0) } ?? ""
        let digits = word.dropFirst(letters.count)
        return !digits.isEmpty && digits.utf8.count <= 5 && digits.utf8.allSatisfy { (48...57).contains($0) }
    }

    /// timm's Perception Encoders, and its own models with rotary positions and registers, count steps in the grid that they
    /// were trained with.
    private mutating func refer(to words: [String]) {
        guard words.contains("pe") || words.contains("rope") && words.contains("gap"), let imgSize,
            case .by(var rope) = rotation,
            let patch = words.lazy.compactMap({ $0.hasPrefix("patch") ? Int($0.dropFirst(5)) : nil }).first, patch > 0
        else { return }
        rope.reference = GridSize(rows: imgSize / patch, cols: imgSize / patch)
        rotation = .by(rope)
    }

    private mutating func take(_ size: Size) { (embedDim, numHeads) = (size.embedDim, size.numHeads) }

    private mutating func take(_ traits: Traits) {
        numHeads = traits.numHeads ?? numHeads
        eps = traits.eps ?? eps
        activation = traits.activation ?? activation
        hasFinalNorm = traits.hasFinalNorm ?? hasFinalNorm
        norm = traits.norm ?? norm
        postNorm = traits.postNorm ?? postNorm
        rotation = traits.rotation ?? rotation
        resampling = traits.resampling ?? resampling
    }
}
