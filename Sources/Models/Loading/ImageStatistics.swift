/// How the images that a layout's networks learned from were prepared.
public struct ImageStatistics: Sendable, Equatable {
    /// The filter that resizes; raw values are timm's words.
    public enum Interpolation: String, Sendable {
        case bilinear, bicubic
    }

    /// Of red, green and blue in 0…1, subtracted.
    public let mean: [Double]
    /// What the differences are divided by.
    public let std: [Double]
    /// The side of the crop as a fraction of the side before it; nil for timm's.
    public let cropPct: Double?
    /// Whether both sides are brought to size, whatever that does to the proportions.
    public let isSquashed: Bool
    public let interpolation: Interpolation

    package init(
        mean: [Double], std: [Double], cropPct: Double? = nil, isSquashed: Bool = false,
        interpolation: Interpolation = .bicubic
    ) {
        self.mean = mean
        self.std = std
        self.cropPct = cropPct
        self.isSquashed = isSquashed
        self.interpolation = interpolation
    }
}
