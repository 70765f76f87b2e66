import Tensors

extension Layout {
    /// Whose file `backbone` is of, by its names, then by what the file says of itself.
    ///
    /// - Parameter positions: whose fixed table of positions the file has, where it has one.
    static func identify(_ backbone: Backbone, draft: Draft, hints: ModelHints, positions: SinCosTable?) -> Layout {
        switch backbone.family {
        case .jax: .jax
        case .huggingFace: huggingFace(backbone, draft: draft, hints: hints, positions: positions)
        case .timm: timmFamily(backbone, draft: draft, hints: hints, positions: positions)
        }
    }

    private static func huggingFace(
        _ backbone: Backbone, draft: Draft, hints: ModelHints, positions: SinCosTable?
    ) -> Layout {
        switch hints.config["model_type"]?.string {
        case "beit", "data2vec-vision": return .hfBEiT
        case "dinov2": return .hfDINOv2
        case "dinov2_with_registers": return .hfDINOv2WithRegisters
        case "deit": return .hfDeiT
        case "vit_mae": return .hfViTMAE
        default: break
        }
        let names = backbone.dict.names
        if names.contains(where: { $0.contains("layer_scale1.lambda1") }) {
            return draft.has("reg_token") ? .hfDINOv2WithRegisters : .hfDINOv2
        }
        if draft.has("blocks.0.ls1.gamma") || draft.hasRelativeTable || backbone.prefix == "beit." { return .hfBEiT }
        if draft.has("dist_token") || backbone.prefix == "deit." { return .hfDeiT }
        if positions == .mae || names.contains("decoder.decoder_embed.weight") { return .hfViTMAE }
        return hints.says("dino") ? .hfDINO : .hfViT
    }

    private static func timmFamily(
        _ backbone: Backbone, draft: Draft, hints: ModelHints, positions: SinCosTable?
    ) -> Layout {
        let names = Set(backbone.dict.names), prefix = backbone.prefix
        let words = Set(backbone.path + prefix.split(separator: ".").map(String.init))
        if words.contains("base_encoder") || words.contains("momentum_encoder") { return .mocoV3 }
        if hints.hasFields(below: "config.MODEL.VIT") { return .simMIM }
        if !draft.has("cls_token"), !draft.hasRelativeTable, !names.contains("decoder.0.weight"),
            words.contains("target_encoder") || words.contains("encoder")
        {
            return .ijepa
        }
        if words.contains("encoder"), draft.hasRelativeTable || names.contains("decoder.0.weight") { return .simMIM }
        if names.contains(prefix + "decoder_embed.weight") { return .mae }
        if names.contains(where: { $0.hasPrefix(prefix + "blocks.") && $0.hasSuffix(".mlp.w12.weight") })
            || names.contains(prefix + "register_tokens")
        {
            return .dinov2
        }
        if draft.has("blocks.0.ls1.gamma"), !names.contains(prefix + "blocks.0.gamma_1"),
            backbone.dict[prefix + "mask_token"]?.shape.count == 2
        {
            return .dinov2
        }
        if draft.hasRelativeTable {
            let kept = names.contains { $0.hasSuffix("relative_position_index") }
            return kept || names.contains(prefix + "lm_head.weight") || names.contains(prefix + "mask_token")
                ? .beit : .timm
        }
        if hints.config["architecture"] != nil { return .timm }
        let hasDINOHead = names.contains {
            $0.hasSuffix("head.last_layer.weight_v") || $0.hasSuffix("head.mlp.0.weight")
        }
        let roles = Set(words.flatMap { $0.split(separator: "_") })
        if roles.contains("teacher") || roles.contains("student") || hasDINOHead {
            return draft.has("blocks.0.ls1.gamma") ? .dinov2 : .dino
        }
        // DeiT III files keep the old names of layer scale.
        if draft.has("dist_token") || names.contains(prefix + "blocks.0.gamma_1") { return .deit }
        if hints.fileArch?.hasPrefix("deit") == true { return .deit }
        if hints.fileArch?.hasPrefix("mae") == true || hints.fields["args.blr"] != nil { return .mae }
        switch positions {
        case .mae: return .mae
        case .mocoV3: return .mocoV3
        case nil: break
        }
        if hints.fields["args.momentum_teacher"] != nil { return .dino }
        // DINO's released backbones are bare and tell nothing of themselves but by their file's name.
        return !draft.has("head.weight") && hints.says("dino") && !hints.says("dinov2") ? .dino : .timm
    }
}

extension Draft {
    /// Whether there is a relative position table, shared or in a block.
    var hasRelativeTable: Bool { names.contains { $0.hasSuffix("relative_position_bias_table") } }
}

extension ModelHints {
    /// Whether the file's name, or the name that its configuration gives it, contains `word`.
    fileprivate func says(_ word: String) -> Bool {
        [fileName, config["_name_or_path"]?.string].contains { $0?.lowercased().contains(word) == true }
    }
}
