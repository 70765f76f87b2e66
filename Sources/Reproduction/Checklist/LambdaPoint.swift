/// A hybrid of the sweep over the weight of the contrastive loss (Park et al. 2023, figure 12).
public struct LambdaPoint: Sendable, Codable {
    /// 0 is SimMIM alone, 1 MoCo v3 alone.
    public let lambda: Double
    public let model: ModelMeasurement

    /// The weights of figure 12.
    static let lambdas = [0, 0.2, 0.4, 0.6, 0.8, 1]
}
