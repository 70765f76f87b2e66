/// What can be computed from a model and images. Raw values are JSON's `analysis`.
public enum AnalysisKind: String, Sendable, CaseIterable {
    case attention
    case rollout = "attention-rollout"
    case attentionDistance = "attention-distance"
    case attentionNMI = "attention-nmi"
    case attentionEntropy = "attention-entropy"
    case fourier
    case cka

    /// The parameters it understands, besides `format` and `overlay`, which are the encoder's.
    public var parameters: [String] {
        let images = ["image", "probe_set"]
        return switch self {
        case .attention: images + ["layer", "layers", "head", "query", "normalize", "convention"]
        case .rollout: images + ["head_fusion", "discard_ratio", "convention"]
        case .attentionDistance, .attentionNMI, .attentionEntropy: images + ["layers", "convention"]
        case .fourier: images + ["layers", "convention"]
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
