/// Names of the timm family: timm, MoCo v3, SimMIM, MAE, DINO, DINOv2, BEiT, DeiT.
enum TimmNames {
    /// What the tensor `name` is; the prefix is gone.
    static func place(_ name: String) -> Placement {
        let words = name.split(separator: ".").map(String.init)
        guard let first = words.first else { return .unexpected }
        switch first {
        case "blocks": return block(words)
        case "cls_token", "pos_embed", "dist_token", "reg_token": return words.count == 1 ? .tensor(name) : .stray
        case "register_tokens": return words.count == 1 ? .tensor("reg_token") : .stray
        case "patch_embed": return patchEmbed(words, name)
        case "norm", "fc_norm", "norm_pre": return isAffine(words, at: 1) ? .tensor(name) : .stray
        case "rel_pos_bias":
            if words.last == "relative_position_index" { return .indexBuffer }
            return words.last == "relative_position_bias_table" ? .tensor(name) : .stray
        default:
            let place = outside(words)
            if case .unexpected = place, isOfNetworks(first) { return .stray }
            return place
        }
    }

    /// Whether a name that is not known begins as parts of networks do: tokens, positions, blocks, norms, attention.
    private static func isOfNetworks(_ word: String) -> Bool {
        ["token", "pos", "rope", "freq", "embed", "block", "layer", "norm", "ln_", "patch", "rel_", "attn", "stage"]
            .contains { word.lowercased().contains($0) }
    }

    /// What a tensor is that belongs to no backbone; also called for names without the backbone's prefix.
    static func outside(_ words: [String]) -> Placement {
        switch words.first ?? "" {
        case "head":
            return isAffine(words, at: 1) ? .tensor("head.\(words[1])") : .projector
        case "head_dist": return .ignored("the distillation token's classifier; logits are the class token's")
        case "pre_logits": return .ignored("a representation layer that the class head no longer uses")
        case "lm_head": return .tokenPredictor
        case "mask_token", "masked_embed": return .maskToken
        // BEiT v2 reads its class token with two more layers in pre-training.
        case "cls_pt_layers": return .ignored("layers that only pre-training reads the class token with")
        case "predictor": return .ignored("the predictor of the training objective")
        case "projector", "projection_head", "dino_head", "ibot_head", "last_layer", "prototypes", "fc":
            return .projector
        case "attn_pool": return .ignored("attention pooling is not supported; there are no logits")
        case "decoder": return .decoder
        // Our own checkpoints carry what training goes on from.
        case "optimizer", "momentum", "buffers", "momentum_buffers": return .ignored("training state")
        case "probe": return .ignored("a linear probe's classifiers")
        case let word where word.hasPrefix("decoder_"): return .decoder
        default: return .unexpected
        }
    }

    private static func patchEmbed(_ words: [String], _ name: String) -> Placement {
        guard words.count > 2, words[1] == "proj" else { return .stray }
        if isAffine(words, at: 2) { return .tensor(name) }
        // MoCo v3's convolutional stem: an index into the sequence, then a part.
        guard words.count == 4, let index = Int(words[2]), (0...12).contains(index) else { return .stray }
        switch words[3] {
        case "weight", "bias", "running_mean", "running_var": return .tensor(name)
        case "num_batches_tracked": return .batchCounter
        default: return .stray
        }
    }

    private static func block(_ words: [String]) -> Placement {
        guard words.count > 2, let number = Int(words[1]) else { return .stray }
        // DINOv2's training nests blocks in chunks, blocks.CHUNK.BLOCK; blocks are numbered through all chunks.
        let chunked = Int(words[2])
        guard let index = chunked ?? Optional(number), (0..<ModelLimits.depth).contains(index) else { return .stray }
        let part = words.dropFirst(chunked == nil ? 2 : 3).joined(separator: ".")
        let block = "blocks.\(index)"
        switch part {
        case "norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias", "attn.qkv.weight", "attn.qkv.bias",
            "attn.proj.weight", "attn.proj.bias", "mlp.fc1.weight", "mlp.fc1.bias", "mlp.fc2.weight", "mlp.fc2.bias",
            "ls1.gamma", "ls2.gamma", "attn.relative_position_bias_table":
            return .tensor("\(block).\(part)")
        case "attn.q_bias": return .tensor("\(block).attn.qkv.bias", part: Placement.query)
        case "attn.k_bias": return .tensor("\(block).attn.qkv.bias", part: Placement.key)
        case "attn.v_bias": return .tensor("\(block).attn.qkv.bias", part: Placement.value)
        case "gamma_1": return .tensor("\(block).ls1.gamma")
        case "gamma_2": return .tensor("\(block).ls2.gamma")
        case "mlp.w12.weight", "mlp.w12.bias": return .tensor("\(block).mlp.fc1.\(words[words.count - 1])")
        case "mlp.w3.weight", "mlp.w3.bias": return .tensor("\(block).mlp.fc2.\(words[words.count - 1])")
        case "attn.relative_position_index": return .indexBuffer
        default: return .stray
        }
    }

    /// Whether `words` ends at `index` with weight or bias.
    static func isAffine(_ words: [String], at index: Int) -> Bool {
        words.count == index + 1 && (words[index] == "weight" || words[index] == "bias")
    }
}
