public import Tensors

/// torchvision's `ColorJitter`: brightness, contrast, saturation and hue changed in random order.
public struct ColorJitter: Sendable, Hashable {
    /// How likely it happens at all.
    public var probability: Double
    /// The factor is uniform between 1 − this, at least 0, and 1 + this.
    public var brightness: Double
    /// The same.
    public var contrast: Double
    /// The same.
    public var saturation: Double
    /// The turn is uniform between −this and this, in full circles; at most 0.5.
    public var hue: Double

    public init(
        probability: Double = 0.8, brightness: Double = 0.4, contrast: Double = 0.4, saturation: Double = 0.2,
        hue: Double = 0.1
    ) {
        self.probability = probability
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue
    }

    /// `image`, changed or not.
    public func applied(to image: Image, random: RandomStream) -> Image {
        var random = random
        guard random.chance(probability) else { return image }
        let order = random.permutation(4)
        let factors = [brightness, contrast, saturation].map { random.uniform(in: max(0, 1 - $0)...1 + $0) }
        let turn = random.uniform(in: -min(hue, 0.5)...min(hue, 0.5))
        return order.reduce(image) { image, change in
            switch change {
            case 0: brightness > 0 ? image.adjustedBrightness(factors[0]) : image
            case 1: contrast > 0 ? image.adjustedContrast(factors[1]) : image
            case 2: saturation > 0 ? image.adjustedSaturation(factors[2]) : image
            default: hue > 0 ? image.adjustedHue(turn) : image
            }
        }
    }
}
