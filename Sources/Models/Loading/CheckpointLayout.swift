/// How the checkpoints of one project are read: everything that is known of them, in one value.
///
/// A layout is a file in `Sources/Models/Layouts` and a line in `CheckpointLayouts.standard`.
public struct CheckpointLayout: Sendable, Equatable {
    /// JSON's word for it.
    public let name: String
    /// Whose checkpoints they are.
    public let title: String
    /// Which of their files are read.
    public let reads: String

    /// How the parts of the network are named.
    let scheme: NameScheme
    /// Where a network begins by names of its own, beside those of the scheme.
    let roots: [NameRoot]
    /// Names of its own under the prefix, before those of the scheme.
    let names: [NameRule]
    /// Names of its own that may also stand outside of the prefix, before those of the scheme.
    let beside: [NameRule]
    /// What the names of the scheme leave open, with what option says it.
    let doubts: [NameDoubt]
    /// How it is told from other layouts of the same scheme.
    let signs: [LayoutSign]

    /// Words of names of architectures that have this layout: `deit` of `deit_small_patch16_224`.
    let families: Set<String>
    /// transformers' `model_type`s, with the eps of layer norms where config.json leaves it out.
    let modelTypes: [String: Float]
    /// What transformers' configurations leave out because it is the default of their `model_type`, by dotted path.
    let defaults: [String: [String: HintValue]]
    /// Tensors of the network that nothing here computes with, by the ends of their canonical names, and why.
    let unneeded: [String: String]
    /// How its networks turn queries and keys by place; nil where they do not.
    let rotation: @Sendable (ModelHints, VisionTransformerConfig) -> RotaryEmbedding?
    /// What stands in the MLPs of all its networks; nil where that is told, or assumed as everybody has it.
    let activation: ActivationFunction?
    /// Whether the activation that a configuration tells is that of a gate, too.
    let tellsGate: Bool
    /// Where a configuration, or the file beside its tensors, tells what no tensor does.
    let told: ToldPlaces
    /// The eps of layer norms where nothing says otherwise.
    let eps: Float
    /// The side of the images that its networks usually see, where nothing tells it and any will do; nil where it is asked
    /// for.
    let imgSize: Int?
    /// Whether its table of positions is larger than any image, so that it tells no input size.
    let hasLargerTable: Bool
    /// The heads of networks of a width, where it is not everybody's.
    let heads: [Int: Int]
    /// What every network of it has, whether the file has the tensor or not.
    let parts: @Sendable (ModelHints) -> LayoutParts

    /// The fixed table that its positions are.
    let sinCosTable: SinCosTable?
    /// How the project resamples its table of positions for a network with so many registers.
    let resampling: @Sendable (_ registers: Int) -> GridResampling
    /// How the project resamples its relative position tables.
    let relativeResampling: RelativeTableResampling
    /// How images are prepared where neither its configuration nor the user says it; nil for timm's defaults.
    public let images: ImageStatistics?

    /// - Parameters:
    ///   - name: JSON's word for it.
    ///   - title: whose checkpoints they are.
    ///   - reads: which of their files are read, for a table.
    ///
    /// For the others see the properties.
    package init(
        _ name: String, title: String, reads: String, scheme: NameScheme, roots: [NameRoot] = [],
        names: [NameRule] = [], beside: [NameRule] = [], doubts: [NameDoubt] = [], signs: [LayoutSign],
        families: Set<String> = [], modelTypes: [String: Float] = [:],
        defaults: [String: [String: HintValue]] = [:], unneeded: [String: String] = [:],
        rotation: @escaping @Sendable (ModelHints, VisionTransformerConfig) -> RotaryEmbedding? = { _, _ in nil },
        activation: ActivationFunction? = nil, tellsGate: Bool = false, told: ToldPlaces = ToldPlaces(),
        eps: Float = 1e-6, imgSize: Int? = nil, hasLargerTable: Bool = false, heads: [Int: Int] = [:],
        parts: @escaping @Sendable (ModelHints) -> LayoutParts = { _ in LayoutParts() },
        sinCosTable: SinCosTable? = nil,
        resampling: @escaping @Sendable (_ registers: Int) -> GridResampling = { _ in .bicubic },
        relativeResampling: RelativeTableResampling = .geometricSpline, images: ImageStatistics? = nil
    ) {
        self.name = name
        self.title = title
        self.reads = reads
        self.scheme = scheme
        self.roots = roots
        self.names = names
        self.beside = beside
        self.doubts = doubts
        self.signs = signs
        self.families = families
        self.modelTypes = modelTypes
        self.defaults = defaults
        self.unneeded = unneeded
        self.rotation = rotation
        self.activation = activation
        self.tellsGate = tellsGate
        self.told = told
        self.eps = eps
        self.imgSize = imgSize
        self.hasLargerTable = hasLargerTable
        self.heads = heads
        self.parts = parts
        self.sinCosTable = sinCosTable
        self.resampling = resampling
        self.relativeResampling = relativeResampling
        self.images = images
    }

    /// Layouts are the same by name.
    public static func == (one: CheckpointLayout, other: CheckpointLayout) -> Bool { one.name == other.name }
}
