import Platform
public import Tensors

/// timm's RandAugment (Cubuk et al., arXiv 1909.13719); as it stands, `rand-m9-mstd0.5-inc1`.
public struct RandAugment: Sendable, Hashable {
    /// What can happen to a view.
    public enum Operation: String, Sendable, CaseIterable {
        case autoContrast, equalize, invert, rotate, posterize, solarize, solarizeAdd
        case color, contrast, brightness, sharpness
        case shearX, shearY, translateX, translateY
    }

    /// How many operations are drawn for a view, with replacement.
    public var operations: Int
    /// How likely each one that was drawn happens.
    public var probability: Double
    /// How strong they are, 0 to 10, in the mean.
    public var magnitude: Double
    /// The standard deviation of the magnitude.
    public var magnitudeStd: Double
    /// The colour of what a turned or shifted image leaves empty: red, green, blue.
    public var fill: [UInt8]

    public init(
        operations: Int = 2, probability: Double = 0.5, magnitude: Double = 9, magnitudeStd: Double = 0.5,
        fill: [UInt8] = [124, 116, 104]
    ) {
        precondition(fill.count == 3, "a fill has red, green and blue")
        precondition((0...100).contains(operations), "0 to 100 operations, not \(operations)")
        self.operations = operations
        self.probability = probability
        self.magnitude = magnitude
        self.magnitudeStd = magnitudeStd
        self.fill = fill
    }

    /// `image`, changed or not.
    public func applied(to image: Image, random: RandomStream) -> Image {
        var random = random
        let all = Operation.allCases
        var result = image
        for operation in (0..<operations).map({ _ in all[random.below(all.count)] }) {
            guard random.chance(probability) else { continue }
            let drawn = min(max(magnitude + magnitudeStd * random.normal(), 0), 10)
            result = apply(operation, magnitude: drawn, negated: random.chance(0.5), to: result)
        }
        return result
    }

    /// `image` after one operation of `magnitude` 0 to 10; `negated` turns those that have two directions round.
    ///
    /// The stronger, the farther from the image: timm's "increasing" variants. Turned and shifted images are
    /// interpolated bicubically.
    public func apply(_ operation: Operation, magnitude: Double, negated: Bool, to image: Image) -> Image {
        precondition(magnitude.isFinite && magnitude >= 0, "a magnitude is a number, and not \(magnitude)")
        let level = min(magnitude / 10, 1000), signed = negated ? -level : level
        let factor = max(0.1, 1 + signed * 0.9)
        switch operation {
        case .autoContrast: return image.autoContrasted()
        case .equalize: return image.equalized()
        case .invert: return image.inverted()
        case .posterize: return image.posterized(bits: max(0, 4 - Int(inRange: level * 4)))
        case .solarize: return image.solarized(threshold: 256 - min(256, Int(inRange: level * 256)))
        case .solarizeAdd: return image.solarizedAdding(min(128, Int(inRange: level * 110)))
        case .color: return image.adjustedSaturation(factor)
        case .contrast: return image.adjustedContrast(factor)
        case .brightness: return image.adjustedBrightness(factor)
        case .sharpness: return image.adjustedSharpness(factor)
        case .rotate: return image.rotated(degrees: signed * 30, fill: fill)
        case .shearX: return image.transformed(Affine(1, signed * 0.3, 0, 0, 1, 0), fill: fill)
        case .shearY: return image.transformed(Affine(1, 0, 0, signed * 0.3, 1, 0), fill: fill)
        case .translateX:
            return image.transformed(Affine(1, 0, signed * 0.45 * Double(image.width), 0, 1, 0), fill: fill)
        case .translateY:
            return image.transformed(Affine(1, 0, 0, 0, 1, signed * 0.45 * Double(image.height)), fill: fill)
        }
    }
}
