/// What the paper's figures show of one model. Lists of layers have one number a block, lists of depths one more: the
/// embedding comes first.
public struct ModelMeasurement: Sendable, Codable, Equatable {
    public let name: String
    /// Pixels, a block.
    public var attentionDistancePx: [Double] = []
    /// Standard error over images, a block.
    public var attentionDistanceSem: [Double] = []
    /// A block.
    public var attentionNmi: [Double] = []
    /// Standard error over images, a block.
    public var attentionNmiSem: [Double] = []
    /// Cosine of head outputs between the heads of a token, for each block.
    public var cosineHeads: [Double] = []
    /// Cosine of head outputs between the tokens of a head, for each block.
    public var cosineTokens: [Double] = []
    /// Cosine of head outputs between a block and the next; one fewer than blocks.
    public var cosineDepths: [Double] = []
    /// Δ log amplitude of the highest frequency, a depth.
    public var highFrequency: [Double] = []
    /// Mean over ranks of the log singular value relative to the first, between tokens; a depth.
    public var singularTokens: [Double] = []
    /// The same between images.
    public var singularImages: [Double] = []
    /// Share of test images whose shape a linear probe on mean patch tokens gets right, a depth.
    public var shapeProbe: [Double] = []
    /// The same of textures.
    public var textureProbe: [Double] = []
    /// Shape and texture from the class token after the last block.
    public var shapeProbeCls = 0.0
    public var textureProbeCls = 0.0
    /// On images whose shape and texture disagree: shape decisions over shape and texture decisions, of a probe on
    /// the class token that learned on images where they agree.
    public var shapeBias = 0.0
    /// Decisions that were either, of all.
    public var shapeBiasDecided = 0.0

    /// Accuracy of a shape probe that noise takes away, a band.
    public var noiseDrop: [Double] = []
    /// The middles of the noise's bands, units of π.
    public var noiseFrequencies: [Double] = []

    public init(name: String) { self.name = name }
}
