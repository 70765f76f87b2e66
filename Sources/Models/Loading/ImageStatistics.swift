/// What the images that a layout's networks learned from were prepared with.
public struct ImageStatistics: Sendable, Equatable {
    /// Of red, green and blue in 0…1, subtracted.
    public let mean: [Double]
    /// What the differences are divided by.
    public let std: [Double]

    package init(mean: [Double], std: [Double]) {
        self.mean = mean
        self.std = std
    }
}
