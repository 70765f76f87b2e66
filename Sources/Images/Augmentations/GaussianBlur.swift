/// When and how strongly a view is blurred.
public struct GaussianBlur: Sendable, Hashable {
    /// How likely it happens.
    public var probability: Double
    /// The standard deviation is uniform in this range, pixels.
    public var sigma: ClosedRange<Double>

    public init(probability: Double, sigma: ClosedRange<Double> = 0.1...2) {
        self.probability = probability
        self.sigma = sigma
    }
}
