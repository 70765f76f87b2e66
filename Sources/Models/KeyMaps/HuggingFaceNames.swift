/// Names of transformers' ViT, ViTMAE, DINO, DeiT, DINOv2 (with and without registers) and BEiT: those on disk, and
/// the newer ones that models carry in memory from 5.0 on.
enum HuggingFaceNames {
    /// What the tensor `name` is; the prefix is gone.
    static func place(_ name: String) -> Placement {
        let words = name.split(separator: ".").map(String.init)
        guard let first = words.first else { return .unexpected }
        if words.last == "relative_position_index" { return .indexBuffer }
        switch first {
        case "embeddings": return embedding(words)
        case "encoder" where words.count > 3 && words[1] == "layer":
            return block(words[2], Array(words.dropFirst(3)))
        case "layers" where words.count > 2: return block(words[1], Array(words.dropFirst(2)))
        case "layernorm": return TimmNames.isAffine(words, at: 1) ? .tensor("norm.\(words[1])") : .stray
        case "pooler":
            guard words.count == 3, words[1] == "layernorm" else { return .pooler }
            return TimmNames.isAffine(words, at: 2) ? .tensor("fc_norm.\(words[2])") : .stray
        default:
            if name.hasSuffix("relative_position_bias_table"),
                first == "shared_position_bias" || name.hasPrefix("encoder.relative_position_bias.")
            {
                return .tensor("rel_pos_bias.relative_position_bias_table")
            }
            return ["encoder", "layers"].contains(first) ? .stray : outside(words)
        }
    }

    /// What a tensor is that stands beside the backbone in a task model.
    static func outside(_ words: [String]) -> Placement {
        switch words.first ?? "" {
        case "classifier", "cls_classifier":
            return TimmNames.isAffine(words, at: 1) ? .tensor("head.\(words[1])") : .projector
        case "distillation_classifier":
            return .ignored("the distillation token's classifier; logits are the class token's")
        case "lm_head": return .tokenPredictor
        case "decoder", "decode_head", "auxiliary_head", "fpn1", "fpn2", "fpn3", "fpn4": return .decoder
        default: return .unexpected
        }
    }

    private static func embedding(_ words: [String]) -> Placement {
        switch words.dropFirst().joined(separator: ".") {
        case "cls_token": .tensor("cls_token")
        case "distillation_token": .tensor("dist_token")
        case "register_tokens": .tensor("reg_token")
        case "position_embeddings": .tensor("pos_embed")
        case "mask_token": .maskToken
        case "patch_embeddings.projection.weight": .tensor("patch_embed.proj.weight")
        case "patch_embeddings.projection.bias": .tensor("patch_embed.proj.bias")
        default: .stray
        }
    }

    private static let modules: [String: String] = [
        "attention.output.dense": "attn.proj", "attention.o_proj": "attn.proj",
        "layernorm_before": "norm1", "norm1": "norm1", "layernorm_after": "norm2", "norm2": "norm2",
        "intermediate.dense": "mlp.fc1", "mlp.fc1": "mlp.fc1", "mlp.weights_in": "mlp.fc1",
        "output.dense": "mlp.fc2", "mlp.fc2": "mlp.fc2", "mlp.weights_out": "mlp.fc2", "mlp.down_proj": "mlp.fc2",
    ]

    private static let parts: [String: (String, Placement.Part)] = [
        "attention.attention.query": ("attn.qkv", Placement.query), "attention.q_proj": ("attn.qkv", Placement.query),
        "attention.attention.key": ("attn.qkv", Placement.key), "attention.k_proj": ("attn.qkv", Placement.key),
        "attention.attention.value": ("attn.qkv", Placement.value), "attention.v_proj": ("attn.qkv", Placement.value),
        "mlp.gate_proj": ("mlp.fc1", Placement.gate), "mlp.up_proj": ("mlp.fc1", Placement.up),
    ]

    private static func block(_ number: String, _ words: [String]) -> Placement {
        guard let index = Int(number), (0..<ModelLimits.depth).contains(index), let leaf = words.last else {
            return .stray
        }
        let block = "blocks.\(index)", module = words.dropLast().joined(separator: ".")
        switch (module, leaf) {
        case ("layer_scale1", "lambda1"), ("", "lambda_1"): return .tensor("\(block).ls1.gamma")
        case ("layer_scale2", "lambda1"), ("", "lambda_2"): return .tensor("\(block).ls2.gamma")
        case (_, "relative_position_bias_table"): return .tensor("\(block).attn.relative_position_bias_table")
        case (_, "weight"), (_, "bias"):
            if let target = modules[module] { return .tensor("\(block).\(target).\(leaf)") }
            if let (target, part) = parts[module] { return .tensor("\(block).\(target).\(leaf)", part: part) }
            return .stray
        default: return .stray
        }
    }
}
