/// What can be computed from a model and images. Raw values are JSON's `analysis`.
public enum AnalysisKind: String, Sendable, CaseIterable {
    case attention
    case rollout = "attention-rollout"
    case gradientRollout = "gradient-rollout"
    case attentionDistance = "attention-distance"
    case attentionNMI = "attention-nmi"
    case attentionEntropy = "attention-entropy"
    case attentionSimilarity = "attention-similarity"
    case clsAttention = "cls-attention"
    case fourier
    case featureVariance = "feature-variance"
    case tokenSimilarity = "token-similarity"
    case tokenDisplacement = "token-displacement"
    case tokenNorms = "token-norms"
    case singularValues = "singular-values"
    case pca
    case tsne
    case linearProbe = "linear-probe"
    case knn
    case frequencyRobustness = "frequency-robustness"
    case shapeBias = "shape-bias"
    case lesion
    case cka
    case alignment

    /// Whether it looks at two models, named among its parameters.
    public var comparesTwo: Bool { self == .cka || self == .alignment }

    /// Whether it answers one map or more of each image, rather than numbers over all of them.
    public var givesMaps: Bool { self == .attention || self == .rollout || self == .gradientRollout }

    /// The parameters it understands, besides `format` and `overlay`, which are the encoder's.
    public var parameters: [String] {
        let images = ["image", "probe_set"]
        return switch self {
        case .attention: images + ["layer", "layers", "head", "query", "normalize", "mass", "convention"]
        case .rollout: images + ["head_fusion", "discard_ratio", "convention"]
        case .gradientRollout: images + ["target", "class", "discard_ratio", "convention"]
        case .attentionDistance, .attentionNMI, .attentionEntropy: images + ["layers", "convention"]
        case .fourier: images + ["layers", "map", "part", "mask_ratio", "seed", "decoder_heads", "convention"]
        case .featureVariance, .tokenNorms, .attentionSimilarity, .clsAttention: images + ["layers", "convention"]
        case .tokenSimilarity: images + ["layers", "tensor", "convention"]
        case .tokenDisplacement: images + ["layers", "layer", "dimensions", "convention"]
        case .pca: images + ["depth", "tokens", "dimensions", "convention"]
        case .tsne:
            images + ["depth", "tokens", "perplexity", "iterations", "theta", "seed", "convention"]
        case .singularValues: images + ["layers", "level", "relative_to", "convention"]
        case .linearProbe:
            images + [
                "layers", "pool", "normalizer", "train_fraction", "seed", "epochs", "base_lr", "batch_size",
                "convention",
            ]
        case .knn:
            images + ["layers", "pool", "k", "temperature", "train_fraction", "seed", "convention"]
        case .frequencyRobustness:
            images + ["frequencies", "half_window", "eps", "sign", "space", "seed", "train_fraction", "convention"]
        case .shapeBias: images + ["train", "n_train", "convention"]
        case .lesion: images + ["parts", "train_fraction", "seed", "convention"]
        case .alignment:
            images + ["a", "b", "layers_a", "layers_b", "metric", "k", "tokens", "convention"]
        case .cka:
            images + ["a", "b", "layers_a", "layers_b", "kernel", "estimator", "batch_size", "tokens", "convention"]
        }
    }
}

/// A parameter as it came: a query item of a URL, an option of a command.
public struct AnalysisParameter: Sendable, Equatable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
