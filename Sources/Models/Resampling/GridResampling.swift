package import Tensors

/// A way to bring a table of position embeddings from one patch grid to another.
package enum GridResampling: Sendable, Hashable {
    /// Cubic convolution to the wanted size (MAE, DeiT, Hugging Face).
    case bicubic
    /// Cubic convolution by the factor (wanted + offset) / old: DINO's guard against rounding, which shifts every
    /// sample a little (DINO, DINOv2 without registers).
    case bicubicOffset(Double)
    /// Linear without antialiasing (Perception Encoder).
    case bilinear
    /// Cubic with antialiasing (timm, DINOv2 with registers).
    case bicubicAntialiased
    /// Linear with antialiasing (SigLIP 2).
    case bilinearAntialiased
    /// Linear from corner to corner to a square as wide as the longer side, of which the rest is cut off (RADIO).
    case bilinearCorners
    /// Linear to such a square without antialiasing, cubic with it, and cut off (timm's NaFlexViT).
    case bilinearCut
    case bicubicCut

    /// `grid` (rows, cols, channels) as (size.rows, size.cols, channels).
    package func apply(to grid: Tensor, size: GridSize) -> Tensor {
        let longer = max(size.rows, size.cols)
        return grid.resampled(
            rows: axis(from: grid.shape[0], to: size.rows, longer),
            cols: axis(from: grid.shape[1], to: size.cols, longer))
    }

    private func axis(from source: Int, to target: Int, _ longer: Int) -> AxisWeights {
        switch self {
        case .bicubic: .bicubic(source: source, target: target, ratio: Double(source) / Double(target))
        case .bicubicOffset(let offset):
            .bicubic(source: source, target: target, ratio: Double(source) / (Double(target) + offset))
        case .bilinear: .bilinear(source: source, target: target)
        case .bicubicAntialiased: .antialiasedBicubic(source: source, target: target)
        case .bilinearAntialiased: .antialiasedBilinear(source: source, target: target)
        case .bilinearCorners: .corners(source: source, longer: longer, target: target)
        case .bilinearCut: .bilinear(source: source, target: longer).beginning(target)
        case .bicubicCut: .antialiasedBicubic(source: source, target: longer).beginning(target)
        }
    }
}

extension GridResampling: CustomStringConvertible {
    package var description: String {
        switch self {
        case .bicubic: "bicubic"
        case .bicubicOffset(let offset): "bicubic by a scale factor with an offset of \(offset)"
        case .bilinear: "bilinear"
        case .bicubicAntialiased: "bicubic with antialiasing"
        case .bilinearAntialiased: "bilinear with antialiasing"
        case .bilinearCut: "bilinear to a square, cut off"
        case .bicubicCut: "bicubic with antialiasing to a square, cut off"
        case .bilinearCorners: "bilinear from corner to corner of a square, cut off"
        }
    }
}
