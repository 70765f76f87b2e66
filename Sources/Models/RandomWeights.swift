public import Tensors

extension VisionTransformer {
    /// A network of `config` with repeatable random weights, for benchmarks and tests: time does not depend on what a
    /// model has learned.
    public static func random(
        _ config: VisionTransformerConfig, seed: UInt64, precision: Precision = .f32
    ) throws(WeightError) -> VisionTransformer {
        try VisionTransformer(config: config, stateDict: randomStateDict(config, seed: seed), precision: precision)
    }

    /// Weights with a standard deviation of 1/√(inputs), norms at one, everything else small.
    public static func randomStateDict(_ config: VisionTransformerConfig, seed: UInt64) -> StateDict {
        var random = SplitMix64(seed: seed)
        var stateDict = StateDict()
        for parameter in parameters(of: config) {
            let isScale = parameter.name.contains("norm") || parameter.name.hasSuffix("running_var")
            let spread = parameter.shape.count == 2 ? 1 / Float(parameter.shape[1]).squareRoot() : 0.02
            let numbers = (0..<parameter.count).map { _ in
                // Uniform with a standard deviation of one: quick, and as good as a bell curve here.
                let number = (random.uniform() - 0.5) * 3.4641016
                return (isScale && !parameter.name.hasSuffix("bias") ? 1 : 0) + number * spread
            }
            stateDict[parameter.name] = .init(Tensor(shape: storedShape(parameter, config), numbers))
        }
        return stateDict
    }

    /// Checkpoints hold patch projections as convolutions.
    private static func storedShape(_ parameter: Parameter, _ config: VisionTransformerConfig) -> [Int] {
        guard parameter.name.hasPrefix("patch_embed."), parameter.shape.count == 2 else { return parameter.shape }
        let side = config.patchEmbed == .linear ? config.patchSize : parameter.name.hasSuffix("12.weight") ? 1 : 3
        return [parameter.shape[0], parameter.shape[1] / (side * side), side, side]
    }
}
