import Glibc

/// The filters of Pillow, all antialiased: when an image shrinks, they widen with it. Raw values are timm's names.
public enum Interpolation: String, Sendable, CaseIterable, Codable {
    case box, bilinear, hamming, bicubic, lanczos

    /// How far the filter reaches, in source pixels of an enlarged image.
    var support: Double {
        switch self {
        case .box: 0.5
        case .bilinear, .hamming: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    /// The filter at distance `t` from its middle. The order of operations is Pillow's: the weights must agree bit for
    /// bit.
    func weight(_ t: Double) -> Double {
        let x = abs(t)
        switch self {
        case .box: return t > -0.5 && t <= 0.5 ? 1 : 0
        case .bilinear: return x < 1 ? 1 - x : 0
        case .hamming:
            guard x != 0 else { return 1 }
            guard x < 1 else { return 0 }
            // Pillow writes these two constants in single precision.
            return sin(x * .pi) / (x * .pi) * (Double(Float(0.54)) + Double(Float(0.46)) * cos(x * .pi))
        case .bicubic:
            let a = -0.5
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
            return 0
        case .lanczos: return t >= -3 && t < 3 ? sinc(t) * sinc(t / 3) : 0
        }
    }

    private func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
}
