public import Tensors

/// A network under the names of the timm class that loads it with `strict=True`, and how to make that class.
public struct TimmModel: Sendable {
    /// A Python expression that builds the module.
    public let expression: String
    /// timm's name of the variant where the sizes are a standard one.
    public let arch: String?
    public let stateDict: StateDict
    /// For the `__metadata__` of a safetensors file: what names and shapes do not tell, so that it can be read again
    /// without hints, and `expression`.
    public let metadata: [String: String]
    /// What could not be carried over, a sentence each.
    public let notes: [String]
}

extension KeyMap {
    /// The tensors of `model` under the names that timm's matching class loads with `strict=True`.
    public static func timmNames(of model: RecognisedModel) -> StateDict { timmModel(of: model).stateDict }

    /// `model` for timm: names, the class, and its arguments.
    public static func timmModel(of model: RecognisedModel) -> TimmModel {
        var writer = TimmWriter(model)
        writer.write()
        let config = model.config
        return TimmModel(
            expression: writer.expression, arch: model.arch, stateDict: writer.stateDict,
            metadata: [
                "format": "pt", "timm": writer.expression, "num_heads": "\(config.numHeads)", "eps": "\(config.eps)",
                "img_size": "\(config.imgSize.height),\(config.imgSize.width)",
                "activation": config.mlp.activation.rawValue,
            ].merging(untold(config)) { first, _ in first }, notes: writer.notes)
    }
}

extension KeyMap {
    /// What names and shapes do not tell of a network that is not plain.
    private static func untold(_ config: VisionTransformerConfig) -> [String: String] {
        var fields: [String: String] = [:]
        var rope = config.rope
        // timm computes them; see `TimmWriter.writeEva`.
        if rope?.frequencies == .stored { rope?.frequencies = .computed }
        fields["rope"] = rope?.text
        if config.postNorm { fields["post_norm"] = "true" }
        if let pool = config.attnPool { fields["attn_pool_heads"] = "\(pool.numHeads)" }
        return fields
    }
}

extension TimmModel {
    /// timm's name for `config`, or nil where it has none of these sizes.
    static func arch(_ config: VisionTransformerConfig) -> String? {
        guard config.imgSize.height == config.imgSize.width, config.patchEmbed == .linear,
            let size = Architecture.standardSizes.first(where: {
                $0.embedDim == config.embedDim && $0.depth == config.depth && $0.numHeads == config.numHeads
            }), config.classToken, !config.normPre, config.departure == nil
        else { return nil }
        let ratio = 4 * config.embedDim, side = config.imgSize.height, patch = config.patchSize
        if config.relPos != .none {
            guard config.mlp == .gelu, config.mlpHidden == ratio, config.posEmbed == .none,
                ["base", "large"].contains(size.word)
            else { return nil }
            return "beit_\(size.word)_patch\(patch)_\(side)"
        }
        guard config.qkvBias, config.posEmbed != .none else { return nil }
        // Patches of 14 and layer scale are DINOv2's in timm too.
        if config.layerScale || config.mlp == .swiglu {
            guard patch == 14, config.layerScale, config.numRegisters == 0 || config.numRegisters == 4,
                (config.mlp == .swiglu) == (size.embedDim == 1536)
            else { return nil }
            return "vit_\(size.word)_patch14_\(config.numRegisters == 4 ? "reg4_" : "")dinov2"
        }
        guard config.mlpHidden == ratio, config.numRegisters == 0, config.posEmbed == .all else {
            return nil
        }
        if config.distToken { return "deit_\(size.word)_distilled_patch\(patch)_\(side)" }
        return "vit_\(size.word)_patch\(patch)_\(side)"
    }
}
