import Tensors

/// Where in a checkpoint a network is: a dictionary, what its names begin with, and whose family of names they are.
struct Backbone {
    enum Family: Sendable {
        case timm, huggingFace, jax
    }

    let path: [String]
    let dict: StateDict
    /// With its last separator, or empty.
    let prefix: String
    let family: Family
    /// How many names spoke for it.
    let votes: Int

    /// The dictionary's key, dotted, nil for the outermost.
    var key: String? { path.isEmpty ? nil : path.joined(separator: ".") }

    /// How a user would call it.
    var title: String {
        let words = path + prefix.split(whereSeparator: { $0 == "." || $0 == "/" }).map(String.init)
        return words.isEmpty ? "the whole file" : words.joined(separator: ".")
    }

    /// Every word of its path and prefix.
    private var words: [String] {
        path + prefix.split(whereSeparator: { $0 == "." || $0 == "/" }).map(String.init)
    }

    /// Whether the user's `key` means it: its path, its prefix, or a word of either.
    func answers(to key: String) -> Bool {
        let wanted = key.split(separator: ".").map(String.init)
        guard !wanted.isEmpty, wanted.count <= words.count else { return false }
        return (0...words.count - wanted.count).contains { Array(words[$0..<$0 + wanted.count]) == wanted }
    }

    /// How far it is from what is usually analysed: the averaged copy, the student, a training state.
    private var distance: Int {
        words.reduce(0) { distance, word in
            switch word {
            case "optimizer": distance + 100
            case "momentum_encoder", "student", "predictor": distance + 10
            case "state_dict_ema", "model_ema", "ema": distance + 5
            default: distance
            }
        }
    }

    static func isBetter(_ a: Backbone, _ b: Backbone) -> Bool {
        (a.distance, -a.votes, a.path.count, a.prefix.count) < (b.distance, -b.votes, b.path.count, b.prefix.count)
    }
}

extension Backbone {
    /// Every network in `candidates`, likeliest first.
    static func all(in candidates: [(path: [String], dict: StateDict)]) -> [Backbone] {
        candidates.flatMap { path, dict in
            var places: [Place: (votes: Int, hasBlocks: Bool)] = [:]
            for name in dict.names {
                guard let (place, isBlock) = Place.vote(of: name) else { continue }
                let old = places[place] ?? (0, false)
                places[place] = (old.votes + 1, old.hasBlocks || isBlock)
            }
            return places.filter(\.value.hasBlocks).map { place, count in
                Backbone(path: path, dict: dict, prefix: place.prefix, family: place.family, votes: count.votes)
            }
        }
        .sorted(by: isBetter)
    }

    /// What the tensor `name` of the dictionary is to this network.
    func place(_ name: String) -> Placement {
        guard name.hasPrefix(prefix) else {
            let words = name.split(separator: ".").map(String.init)
            if words.contains("momentum_encoder") { return .ignored("the momentum encoder") }
            if words.contains("base_encoder") { return .ignored("the base encoder") }
            if words.contains("student") { return .ignored("the student network") }
            if words.contains("teacher") { return .ignored("the teacher network") }
            let known = words.drop { $0 == "module" }
            if family == .huggingFace {
                // BEiT's masked image modelling norms outside of its backbone.
                if words.count == 2, words[0] == "layernorm" { return .tensor("norm.\(words[1])") }
                return HuggingFaceNames.outside(words)
            }
            return TimmNames.outside(Array(known))
        }
        let rest = String(name.dropFirst(prefix.count))
        return switch family {
        case .timm: TimmNames.place(rest)
        case .huggingFace: HuggingFaceNames.place(rest)
        case .jax: JAXNames.place(rest)
        }
    }

    /// What a name begins with, in whose family of names.
    private struct Place: Hashable {
        let prefix: String
        let family: Family

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
}
