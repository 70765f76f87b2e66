/// What a tensor's name begins with, in whose family of names.
struct Place: Hashable {
    let prefix: String
    let family: Backbone.Family

    /// What follows the number of a block in transformers' names, and not in those of language models.
    private static let blockParts: Set<Substring> = [
        "attention", "layernorm_before", "layernorm_after", "norm1", "norm2", "layer_scale1", "layer_scale2",
        "lambda_1", "lambda_2", "intermediate", "relative_position_bias",
    ]

    /// Where `name` puts its network, and whether it is a part of a block.
    static func vote(of name: String) -> (Place, isBlock: Bool)? {
        if name.contains("/") { return jaxVote(of: name) }
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        for (index, word) in words.enumerated() {
            let prefix = index == 0 ? "" : words[..<index].joined(separator: ".") + "."
            let next = index + 1 < words.count ? words[index + 1] : ""
            let part = index + 2 < words.count ? words[index + 2] : ""
            switch word {
            // Blocks of a numbered stage belong to a pyramid such as Swin.
            case "blocks" where Int(next) != nil && (index == 0 || Int(words[index - 1]) == nil):
                return (Place(prefix: prefix, family: .timm), true)
            case "patch_embed" where next == "proj": return (Place(prefix: prefix, family: .timm), false)
            case "cls_token" where next.isEmpty, "pos_embed" where next.isEmpty:
                return (Place(prefix: prefix, family: .timm), false)
            case "embeddings" where !next.isEmpty: return (Place(prefix: prefix, family: .huggingFace), false)
            case "layers" where Int(next) != nil && blockParts.contains(part):
                return (Place(prefix: prefix, family: .huggingFace), true)
            case "encoder" where next == "layer": return (Place(prefix: prefix, family: .huggingFace), true)
            default: continue
            }
        }
        return nil
    }

    private static func jaxVote(of name: String) -> (Place, isBlock: Bool)? {
        let words = name.split(separator: "/", omittingEmptySubsequences: false)
        for (index, word) in words.enumerated() {
            let prefix = index == 0 ? "" : words[..<index].joined(separator: "/") + "/"
            let next = index + 1 < words.count ? words[index + 1] : ""
            if word == "Transformer", next.hasPrefix("encoderblock_") {
                return (Place(prefix: prefix, family: .jax), true)
            }
            if word == "embedding", next == "kernel" { return (Place(prefix: prefix, family: .jax), false) }
        }
        return nil
    }
}
