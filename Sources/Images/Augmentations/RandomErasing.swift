import Glibc
import Platform
public import Tensors

/// timm's random erasing in `pixel` mode: a box of the normalized view is replaced by noise of mean 0 and standard
/// deviation 1 (Zhong et al., arXiv 1708.04896).
public struct RandomErasing: Sendable, Hashable {
    /// How likely it happens.
    public var probability: Double
    /// The part of the area that is erased, uniform.
    public var area: ClosedRange<Double>
    /// Height by width of the box, uniform in its logarithm.
    public var aspect: ClosedRange<Double>

    public init(
        probability: Double = 0.25, area: ClosedRange<Double> = 0.02...1 / 3,
        aspect: ClosedRange<Double> = 0.3...1 / 0.3
    ) {
        self.probability = probability
        self.area = area
        self.aspect = aspect
    }

    /// The box to erase from a view of this size; nil where nothing is, or where ten tries did not fit.
    public func box(height: Int, width: Int, random: inout RandomStream) -> CropBox? {
        guard random.chance(probability) else { return nil }
        for _ in 0..<10 {
            let target = random.uniform(in: area) * Double(height * width)
            let ratio = exp(random.uniform(in: log(aspect.lowerBound)...log(aspect.upperBound)))
            let boxHeight = Int(rounding: (target * ratio).squareRoot(), .toNearestOrEven, into: 0...height) ?? height
            let boxWidth = Int(rounding: (target / ratio).squareRoot(), .toNearestOrEven, into: 0...width) ?? width
            guard boxHeight < height, boxWidth < width else { continue }
            let top = random.below(height - boxHeight + 1), left = random.below(width - boxWidth + 1)
            return CropBox(top: top, left: left, height: boxHeight, width: boxWidth)
        }
        return nil
    }
}
