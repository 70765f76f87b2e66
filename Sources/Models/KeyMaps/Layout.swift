/// Whose checkpoint layout a file has. Raw values are JSON's words.
public enum Layout: String, Sendable, CaseIterable {
    case timm
    case mocoV3 = "moco_v3"
    case simMIM = "simmim"
    case mae
    case dino
    case dinov2
    case beit
    case deit
    case ijepa
    case jax
    case hfViT = "hf_vit"
    case hfViTMAE = "hf_vit_mae"
    case hfDINO = "hf_dino"
    case hfDeiT = "hf_deit"
    case hfDINOv2 = "hf_dinov2"
    case hfDINOv2WithRegisters = "hf_dinov2_with_registers"
    case hfBEiT = "hf_beit"
}

extension Layout {
    /// The eps of layer norms where no configuration says otherwise.
    var eps: Float {
        switch self {
        case .hfViT, .hfViTMAE, .hfDINO, .hfDeiT, .hfBEiT: 1e-12
        default: 1e-6
        }
    }

    /// How the project resamples its table of positions.
    func positionResampling(registers: Int) -> GridResampling {
        switch self {
        case .dino: .bicubicOffset(0.1)
        case .dinov2: registers > 0 ? .bicubicAntialiased : .bicubicOffset(0.1)
        case .timm, .jax, .hfDINOv2WithRegisters: .bicubicAntialiased
        default: .bicubic
        }
    }

    /// How the project resamples its relative position tables.
    var relativeResampling: RelativeTableResampling {
        switch self {
        case .timm: .geometricLinear
        case .hfBEiT: .bilinear
        default: .geometricSpline
        }
    }
}
