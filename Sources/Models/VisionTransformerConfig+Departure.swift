extension VisionTransformerConfig {
    /// What the network computes that the plain Vision Transformer does not, words after “it”; nil where there is nothing.
    public var departure: String? {
        if rope != nil { return "turns queries and keys by the places of their patches (RoPE)" }
        if postNorm { return "norms what attention and MLP add" }
        if mlp != .gelu && mlp != .swiglu { return "has \(mlp.rawValue) in its MLPs" }
        if norm != .layer { return "norms by the root mean square" }
        if qkNorm != .none { return "norms queries and keys" }
        if attnNorm || mlpNorm || patchNorm { return "has norms inside its branches or on its patches" }
        if !projBias || !mlpBias { return "has layers without a bias" }
        if attnPool != nil { return "pools its tokens by attention" }
        return nil
    }
}
