import Models
import Platform
import Tensors

/// What a run needs, known before it begins.
public struct TrainingCost: Sendable, Equatable {
    public let parameters: Int
    public let trainableParameters: Int
    /// Bytes of each part, of one rank.
    public let weightBytes: Int
    public let gradientBytes: Int
    public let momentBytes: Int
    public let momentumEncoderBytes: Int
    /// An estimate: what the way back needs of every block.
    public let activationBytes: Int
    /// Processes that need as much each.
    public let ranks: Int

    /// All together, of all ranks.
    public var memoryBytes: Int {
        let one = weightBytes + gradientBytes + momentBytes + momentumEncoderBytes + activationBytes
        let (all, overflows) = one.multipliedReportingOverflow(by: ranks)
        return overflows ? .max : all
    }

    /// - Parameter batchSize: images of a batch of all ranks.
    init(objective: any Objective, optimizer: OptimizerRule, batchSize: Int, ranks: Int = 1) {
        self.ranks = ranks
        let all = objective.layout.parameters
        parameters = all.reduce(0) { $0 + $1.count }
        trainableParameters = all.reduce(0) { $0 + (objective.frozen.contains($1.name) ? 0 : $1.count) }
        let bytes = objective.layout.count * 4
        weightBytes = bytes + objective.buffers.count * 4
        // What ranks exchange is a copy, and its sum.
        let exchanged = ranks == 1 ? 0 : objective.sumsGradients ? 4 : 2
        gradientBytes = (objective.gradientCopies + exchanged) * bytes
        momentBytes = optimizer.hasSecondMoment ? 2 * bytes : bytes
        momentumEncoderBytes =
            ((objective.momentumLayout?.count ?? 0) + (objective.momentumBuffersLayout?.count ?? 0)) * 4
        let config = objective.encoder.config
        let tokens = Double(config.numTokens), width = Double(config.embedDim), hidden = Double(config.mlpHidden)
        // Stream, norms, fused projection, values, two branches; the MLP before and after its activation; the maps.
        let block = tokens * (9 * width + 2 * hidden) + Double(config.numHeads) * tokens * tokens
        let pixels = Double(config.inChans * config.imgSize.height * config.imgSize.width)
        let image = Double(config.depth) * block + 2 * pixels
        // A second batch is made ready meanwhile.
        let passes = Double(objective.keptPasses)
        activationBytes =
            Int(rounding: 4 * image * Double(batchSize / ranks) * passes, .down, into: 0...1 << 60) ?? .max
    }
}
