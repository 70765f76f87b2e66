import Models

/// Sizes of an encoder, in Double because they are hostile.
struct EncoderSizes: Sendable {
    /// The width of the tokens.
    let width: Double
    /// Numbers of a patch of three colours.
    let patch: Double
    let rows: Double
    let columns: Double
    let tokens: Double
    let depth: Double
    let heads: Double
    let mlpHidden: Double
    /// How many tables of relative positions there are.
    let tables: Double

    init(_ config: VisionTransformerConfig) {
        width = Double(config.embedDim)
        patch = 3 * Double(config.patchSize) * Double(config.patchSize)
        rows = Double(config.imgSize.height / config.patchSize)
        columns = Double(config.imgSize.width / config.patchSize)
        tokens = rows * columns + Double(config.numPrefixTokens)
        depth = Double(config.depth)
        heads = Double(config.numHeads)
        mlpHidden = Double(config.mlpHidden)
        tables = config.relPos == .none ? 0 : config.relPos == .perBlock ? depth : 1
    }

    var patches: Double { rows * columns }

    /// All its weights.
    var weights: Double {
        width * (patch + tokens) + depth * Self.block(width, mlpHidden)
            + tables * heads * (2 * rows - 1) * (2 * columns - 1)
    }

    /// Weights of a block: two matrices of attention, two of the MLP.
    static func block(_ width: Double, _ hidden: Double) -> Double { width * (4 * width + 2 * hidden) }

    /// Numbers that the way back needs of a block and an image, as `TrainingCost` counts them.
    static func activations(_ tokens: Double, _ width: Double, _ hidden: Double, _ heads: Double) -> Double {
        tokens * (9 * width + 2 * hidden) + heads * tokens * tokens
    }
}

/// What an objective needs beside its encoder, in numbers of four bytes.
struct ObjectiveMemory: Sendable {
    /// Weights beyond the encoder's.
    var weights = 0.0
    /// Those of a momentum encoder.
    var momentum = 0.0
    /// Copies of the gradients.
    var gradients = 1.0
    /// Tokens that the encoder sees; nil for all.
    var visible: Double?
    /// Blocks whose activations are kept; nil for all.
    var blocks: Double?
    /// Activations of an image beyond the encoder's.
    var activations = 0.0
    /// Passes of an image that are kept until the way back.
    var passes = 1.0
}
