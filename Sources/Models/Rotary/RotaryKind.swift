/// The rotary positions that published networks have. Raw values are the words of a registration.
public enum RotaryKind: String, Sendable, Hashable, CaseIterable {
    case none
    case dinov3
    case eva02
    case perceptionEncoder = "perception_encoder"
    case ropeViT = "rope_vit"
    case ropeViTMixed = "rope_vit_mixed"
    case axial
    case vjepa2

    /// What the word stands for; nil for none.
    var embedding: RotaryEmbedding? {
        switch self {
        case .none: nil
        case .dinov3: .dinov3
        case .eva02: .eva02
        case .perceptionEncoder: .perceptionEncoder
        case .ropeViT: .ropeViT
        case .ropeViTMixed: .ropeViTMixed
        case .axial: .axial
        case .vjepa2: .vjepa2
        }
    }
}
