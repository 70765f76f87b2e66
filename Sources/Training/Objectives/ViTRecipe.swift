public import Models
public import Tensors

/// A Vision Transformer to be trained: its sizes, and what they do not say about its beginning.
public struct ViTRecipe: Sendable, Hashable {
    /// Where the table of positions comes from.
    public enum Positions: Sendable, Hashable {
        /// Drawn at random and trained.
        case learned
        /// Fixed sines and cosines.
        case sinCos(SinCosTable)
    }

    /// How weights are drawn; each case names the code that does so.
    public enum Initialization: String, Sendable, Hashable, CaseIterable {
        /// Xavier-uniform, the fused projection as three matrices.
        case mocoV3 = "moco_v3"
        /// Normal of 0.02 cut at one standard deviation, output projections divided by √(2 · block).
        case simMIM = "simmim"
        /// Xavier-uniform, the fused projection as one matrix.
        case mae
    }

    public var config: VisionTransformerConfig
    public var positions: Positions
    public var initialization: Initialization
    /// The first value of every number of layer scale, where `config` has it.
    public var initialLayerScale: Float
    /// Stochastic depth in the last block.
    public var dropPath: Double
    /// Of the products on the way forward and back; weights, moments, sums, norms and softmax are f32.
    public var precision = Precision.f32

    public init(
        _ config: VisionTransformerConfig, positions: Positions = .learned, initialization: Initialization = .mocoV3,
        initialLayerScale: Float = 0.1, dropPath: Double = 0
    ) {
        self.config = config
        self.positions = positions
        self.initialization = initialization
        self.initialLayerScale = initialLayerScale
        self.dropPath = dropPath
    }

    /// The encoder in `layout`.
    func encoder(freezesPatchEmbed: Bool = false, in layout: inout ParameterLayout) -> TrainableViT {
        var freezing = TrainableViT.Freezing(patchEmbed: freezesPatchEmbed)
        if case .sinCos = positions { freezing.positions = true }
        // Models with a relative position bias descend from BEiT, whose keys have no bias.
        freezing.keyBias = config.relPos != .none
        return TrainableViT(config, freezing: freezing, dropPath: dropPath, precision: precision, in: &layout)
    }
}
