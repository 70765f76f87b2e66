public import Platform
public import Tensors

/// The one canonical Vision Transformer (Dosovitskiy et al. 2021, and its self-supervised descendants), ready to look
/// inside.
///
/// Tokens are the prefix tokens (class, distillation, registers), then the patches, row-major. Nothing is remembered
/// between calls: one value serves any number of requests.
public struct VisionTransformer: Sendable {
    public let config: VisionTransformerConfig
    private let network: Network
    private let weights: Weights
    /// (prefix tokens, embedDim), positions added.
    private let prefix: Tensor
    /// (patches, embedDim), or nil.
    private let positions: Tensor?
    /// For each block (numHeads, tokens, tokens); one for all where the table is shared; none without.
    private let biases: [Tensor]
    /// None, one for all blocks, or one for each.
    private let rotations: [RotaryTables]

    /// Reads every weight from `stateDict`, under timm's names.
    ///
    /// - Parameter precision: in which products are made; one that this processor does not lack.
    /// - Throws: `WeightError` for the first tensor that is missing or has another shape than `config` says.
    public init(
        config: VisionTransformerConfig, stateDict: StateDict, precision: Precision = .f32
    ) throws(WeightError) {
        self.config = config
        var layout = ParameterLayout()
        network = Network(config, in: &layout)
        parameterCount = layout.parameters.reduce(0) { $0 + $1.count }
        var weights = Weights(precision: precision)
        try network.load(into: &weights, from: stateDict)
        self.weights = weights
        (prefix, positions) = try network.tokens.read(config: config) { parameter throws(WeightError) in
            try Weights.read(parameter, from: stateDict)
        }
        var biases: [Tensor] = []
        for table in network.relPosTables {
            biases.append(RelativePositionBias.expand(try Weights.read(table, from: stateDict), grid: config.grid))
        }
        self.biases = biases
        rotations =
            try network.rotary?.rotations(config) { parameter throws(WeightError) in
                try Weights.read(parameter, from: stateDict)
            } ?? []
    }

    /// Learned numbers in all.
    public let parameterCount: Int

    /// What is added to the patches, (patches, embedDim); nil without absolute positions.
    public var patchPositions: Tensor? { positions }
    /// What is added to the scores of each block, or of all where there is one, (numHeads, tokens, tokens) each; none
    /// without relative positions.
    public var relativeBiases: [Tensor] { biases }
    /// How queries and keys are turned in each block, or in all where there is one; none without rotary positions.
    public var rotaryTables: [RotaryTables] { rotations }

    /// The names and shapes of the tensors that `init(config:stateDict:)` reads.
    public static func parameters(of config: VisionTransformerConfig) -> [Parameter] {
        var layout = ParameterLayout()
        _ = Network(config, in: &layout)
        return layout.parameters
    }

    /// Memory held, bytes.
    public var memoryBytes: Int {
        weights.byteCount + prefix.byteCount + (positions?.byteCount ?? 0) + biases.reduce(0) { $0 + $1.byteCount }
            + rotations.reduce(0) { $0 + 2 * $1.cosines.byteCount }
    }

    /// Runs `images` through the network as far as `request` needs and shows what it asks for.
    ///
    /// - Parameters:
    ///   - images: (batch, inChans, height, width), normalized.
    ///   - visit: called with each thing as soon as it is there, in the order of the network. What it does not keep is
    ///     recycled. An error it throws ends the pass.
    public func forward(
        _ images: Tensor, request: IntermediatesRequest, pool: ThreadPool, visit: (Intermediate) throws -> Void
    ) rethrows {
        precondition(
            images.shape.count == 4
                && Array(images.shape.dropFirst()) == [config.inChans, config.imgSize.height, config.imgSize.width],
            "\(images.shape) is no batch of this model's images")
        let pass = ForwardPass(weights: weights, pool: pool)
        var x = network.patchEmbed.forward(images, pass)
            .prependingTokens(prefix, positions: positions, pool: pool)
        if let normPre = network.normPre { x = normPre.forward(x, pass) }
        if request.hiddenStates.contains(0) { try visit(.hiddenState(0, x)) }
        let stop = request.lastStop(depth: config.depth)
        for (index, block) in network.blocks.enumerated() {
            let wanted = request.wanted(of: index, stop: stop)
            guard stop >= .attention(index) else { return }
            try block.forward(
                &x, index: index, bias: biases.isEmpty ? nil : biases[biases.count == 1 ? 0 : index],
                rotation: rotations.isEmpty ? nil : rotations[rotations.count == 1 ? 0 : index], wanted: wanted, pass,
                visit: visit)
            if request.hiddenStates.contains(index + 1) { try visit(.hiddenState(index + 1, x)) }
        }
        guard request.logits || request.pooling else { return }
        let (pooled, logits) = network.answer(x, config: config, pass)
        if request.pooling, let pooled {
            try visit(.pooling(attention: pooled.attention, features: pooled.features))
        }
        if request.logits, let logits { try visit(.logits(logits)) }
    }

    /// Runs `images` through the network and returns everything that `request` asks for.
    public func forwardIntermediates(
        _ images: Tensor, request: IntermediatesRequest, pool: ThreadPool
    ) -> Intermediates {
        var intermediates = Intermediates()
        forward(images, request: request, pool: pool) { intermediates.add($0) }
        return intermediates
    }

    /// Tokens of any depth as the final norm leaves them: (batch, tokens, embedDim) → the same shape; nil where the
    /// network has none.
    public func normed(_ tokens: Tensor, pool: ThreadPool) -> Tensor? {
        network.norm?.forward(tokens, ForwardPass(weights: weights, pool: pool))
    }

    /// What the classifier says of tokens of any depth (batch, tokens, embedDim), normed and pooled as those of the last
    /// block are: (batch, numClasses); nil where there is no classifier.
    public func logits(of tokens: Tensor, pool: ThreadPool) -> Tensor? {
        network.answer(tokens, config: config, ForwardPass(weights: weights, pool: pool)).logits
    }

    /// Floating-point operations of one image's forward pass through every block.
    public var forwardFLOPs: Double { config.forwardFLOPs }
}
