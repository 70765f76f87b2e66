import JSON
import Models
import Platform

extension ViTRecipe {
    /// Reads `arch`, a timm name or an object of timm's fields, and `img_size`; what the method's paper does counts
    /// where the object is silent.
    ///
    /// - Returns: nil after a fault, or where there is no `arch`.
    static func read(_ reader: JSONReader, method: TrainingMethod) -> ViTRecipe? {
        let value = reader.value("arch")
        // Their places in what is written down do not depend on what was said.
        reader.record("arch", .null)
        reader.record("img_size", .null)
        let imgSize = reader.optionalInt("img_size", in: 1...4096)
        guard let value else { return nil }
        if let name = value.string {
            guard let config = named(name, imgSize: imgSize, reader) else { return nil }
            reader.record("arch", .string(name))
            reader.record("img_size", .int(config.imgSize.height))
            return ViTRecipe(plain: config, method: method)
        }
        guard value.object != nil else {
            reader.fault(
                "arch", "arch must be a timm name such as vit_tiny_patch16_224, or an object of timm's fields.")
            return nil
        }
        let fields = reader.object("arch")
        let recipe = custom(fields, imgSize: imgSize, method: method)
        fields.finish()
        if let recipe { reader.record("img_size", .int(recipe.config.imgSize.height)) }
        return recipe
    }

    private static func named(
        _ name: String, imgSize: Int?, _ reader: JSONReader
    ) -> VisionTransformerConfig? {
        guard var config = VisionTransformerConfig.named(name) else {
            let sizes = VisionTransformerConfig.knownSizes.joined(separator: ", ")
            reader.fault(
                "arch",
                "There is no arch “\(name)”. Names are vit_SIZE_patchP_S with SIZE one of \(sizes), such as "
                    + "vit_tiny_patch16_224; an object of timm's fields describes any other.")
            return nil
        }
        if let imgSize { config.imgSize = ImageSize(height: imgSize, width: imgSize) }
        let side = config.imgSize.height
        guard side % config.patchSize == 0, side >= 2 * config.patchSize else {
            reader.fault(
                "img_size",
                "img_size \(side) must be at least 2 patches of \(config.patchSize) pixels, and no half ones.")
            return nil
        }
        return config
    }

    /// What `method` does with a plain ViT.
    init(plain: VisionTransformerConfig, method: TrainingMethod) {
        self.init(plain, initialization: method == .mocoV3 ? .mocoV3 : method == .mae ? .mae : .simMIM)
        switch method {
        case .mocoV3: positions = .sinCos(.mocoV3)
        case .mae: positions = .sinCos(.mae)
        case .simMIM, .hybrid:
            config.posEmbed = .none
            config.relPos = .shared
            config.layerScale = true
        case .supervised, .finetune, .linearProbe: break
        }
    }

    private static func custom(
        _ fields: JSONReader, imgSize: Int?, method: TrainingMethod
    ) -> ViTRecipe? {
        let patchSize = fields.int("patch_size", default: 16, in: 1...256)
        let own = fields.optionalInt("img_size", in: 1...4096)
        if let own, let imgSize, own != imgSize {
            fields.fault("img_size", "img_size is \(own) here and \(imgSize) outside of arch; give one of them.")
        }
        let side = own ?? imgSize ?? 224
        fields.record("img_size", .int(side))
        let embedDim = fields.int("embed_dim", default: 192, in: 1...16_384)
        let depth = fields.int("depth", default: 12, in: 1...200)
        let numHeads = fields.int("num_heads", default: 3, in: 1...1024)
        let ratio = fields.number("mlp_ratio", default: 4, in: 0.01...64)
        var isSound = true
        func refuse(_ key: String, _ detail: String) {
            fields.fault(key, detail)
            isSound = false
        }
        if side % patchSize != 0 || side < 2 * patchSize {
            refuse("img_size", "img_size \(side) must be at least 2 patches of \(patchSize) pixels, and no half ones.")
        }
        if embedDim % numHeads != 0 {
            refuse("num_heads", "num_heads \(numHeads) does not divide embed_dim \(embedDim).")
        }
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: side, width: side), patchSize: patchSize, embedDim: embedDim, depth: depth,
            numHeads: numHeads, mlpHidden: Int(rounding: Double(embedDim) * ratio, .down, into: 1...1 << 30) ?? 1)
        config.classToken = fields.bool("class_token", default: true)
        config.numRegisters = fields.int("reg_tokens", default: 0, in: 0...64)
        config.qkvBias = fields.bool("qkv_bias", default: true)
        var recipe = ViTRecipe(plain: config, method: method)
        let positions = fields.choice("pos_embed", default: PositionName(recipe))
        recipe.config.posEmbed = positions == .none ? .none : recipe.config.classToken ? .all : .patches
        recipe.positions = positions == .sincos ? .sinCos(method == .mae ? .mae : .mocoV3) : .learned
        recipe.config.relPos = RelPosName.of(fields, default: recipe.config.relPos)
        let layerScale = readLayerScale(
            fields, default: recipe.config.layerScale ? Double(recipe.initialLayerScale) : nil)
        recipe.config.layerScale = layerScale != nil
        if let layerScale { recipe.initialLayerScale = Float(layerScale) }
        if positions == .sincos, embedDim % 4 != 0 {
            refuse("pos_embed", "sincos positions need an embed_dim that 4 divides, not \(embedDim).")
        }
        if positions == .sincos, config.numRegisters > 0 {
            refuse("reg_tokens", "Register tokens go with learned positions, not with sincos ones.")
        }
        if recipe.config.relPos != .none, recipe.config.numPrefixTokens != 1 {
            refuse("rel_pos", "Relative positions need the class token and no registers.")
        }
        if recipe.config.relPos == .none, positions == .none {
            refuse("pos_embed", "Without pos_embed and rel_pos the network cannot tell where a patch lies.")
        }
        return isSound ? recipe : nil
    }

    /// `layer_scale`, or timm's `init_values`: the value at which layer scale begins, 0 or null for none.
    private static func readLayerScale(_ fields: JSONReader, default standard: Double?) -> Double? {
        if fields.has("layer_scale"), fields.has("init_values") {
            fields.fault("init_values", "init_values is another word for layer_scale; give one of them.")
        }
        let alias = fields.optionalNumber("init_values", in: 0...10)
        fields.forget("init_values")
        let found = fields.number("layer_scale", default: alias ?? standard ?? 0, in: 0...10)
        return found > 0 ? found : nil
    }
}

/// The words for absolute positions.
private enum PositionName: String, CaseIterable {
    case none, learned, sincos

    init(_ recipe: ViTRecipe) {
        guard recipe.config.posEmbed != .none else {
            self = .none
            return
        }
        if case .sinCos = recipe.positions { self = .sincos } else { self = .learned }
    }
}

/// The words for relative positions.
private enum RelPosName: String, CaseIterable {
    case none, shared
    case perBlock = "per_block"

    static func of(
        _ fields: JSONReader, default standard: VisionTransformerConfig.RelPos
    ) -> VisionTransformerConfig.RelPos {
        let name = fields.choice("rel_pos", default: RelPosName(rawValue: standard.rawValue) ?? .none)
        return VisionTransformerConfig.RelPos(rawValue: name.rawValue) ?? standard
    }
}
