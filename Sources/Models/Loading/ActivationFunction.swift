/// The function between the two layers of a block's MLP. Raw values are the words of a registration.
public enum ActivationFunction: String, Sendable, CaseIterable {
    /// x · Φ(x), by the error function.
    case gelu
    /// GELU by its approximation with tanh.
    case geluTanh = "gelu_tanh"
    /// x · sigmoid(1.702 x), OpenAI's CLIP.
    case quickGELU = "quick_gelu"
    /// x · sigmoid(x); with a gate it is SwiGLU.
    case silu

    /// The words of transformers' `hidden_act` and timm's `act_layer`; nil for a function that nobody uses here.
    init?(configuration word: String) {
        switch word.lowercased() {
        case "gelu", "gelu_python": self = .gelu
        case "gelu_tanh", "gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "gelu_python_tanh":
            self = .geluTanh
        case "quick_gelu", "quickgelu": self = .quickGELU
        case "silu", "swish": self = .silu
        default: return nil
        }
    }
}
