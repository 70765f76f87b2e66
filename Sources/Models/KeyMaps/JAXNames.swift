/// Names of google-research/vision_transformer's npz files, whose kernels are (in, out) and whose heads stand apart.
enum JAXNames {
    /// What the tensor `name` is; the prefix is gone.
    static func place(_ name: String) -> Placement {
        let words = name.split(separator: "/").map(String.init)
        switch name {
        case "cls": return .tensor("cls_token")
        case "embedding/kernel": return .tensor("patch_embed.proj.weight", view: .convolution)
        case "embedding/bias": return .tensor("patch_embed.proj.bias")
        case "Transformer/posembed_input/pos_embedding": return .tensor("pos_embed")
        case "Transformer/encoder_norm/scale": return .tensor("norm.weight")
        case "Transformer/encoder_norm/bias": return .tensor("norm.bias")
        case "head/kernel": return .tensor("head.weight", view: .transposed)
        case "head/bias": return .tensor("head.bias")
        default: break
        }
        if words.first == "pre_logits" { return .ignored("a representation layer that the class head no longer uses") }
        guard words.count > 3, words[0] == "Transformer", words[1].hasPrefix("encoderblock_"),
            let index = Int(words[1].dropFirst(13)), (0..<ModelLimits.depth).contains(index)
        else { return ["Transformer", "embedding", "cls"].contains(words.first) ? .stray : .unexpected }
        return block("blocks.\(index)", words.dropFirst(2).joined(separator: "/"))
    }

    private static func block(_ block: String, _ part: String) -> Placement {
        let attention = "MultiHeadDotProductAttention_1"
        for (word, place) in [("query", Placement.query), ("key", Placement.key), ("value", Placement.value)] {
            switch part {
            case "\(attention)/\(word)/kernel":
                return .tensor("\(block).attn.qkv.weight", part: place, view: .headsLast)
            case "\(attention)/\(word)/bias": return .tensor("\(block).attn.qkv.bias", part: place, view: .flat)
            default: continue
            }
        }
        switch part {
        case "LayerNorm_0/scale": return .tensor("\(block).norm1.weight")
        case "LayerNorm_0/bias": return .tensor("\(block).norm1.bias")
        case "LayerNorm_2/scale": return .tensor("\(block).norm2.weight")
        case "LayerNorm_2/bias": return .tensor("\(block).norm2.bias")
        case "\(attention)/out/kernel": return .tensor("\(block).attn.proj.weight", view: .headsFirst)
        case "\(attention)/out/bias": return .tensor("\(block).attn.proj.bias")
        case "MlpBlock_3/Dense_0/kernel": return .tensor("\(block).mlp.fc1.weight", view: .transposed)
        case "MlpBlock_3/Dense_0/bias": return .tensor("\(block).mlp.fc1.bias")
        case "MlpBlock_3/Dense_1/kernel": return .tensor("\(block).mlp.fc2.weight", view: .transposed)
        case "MlpBlock_3/Dense_1/bias": return .tensor("\(block).mlp.fc2.bias")
        default: return .stray
        }
    }
}
