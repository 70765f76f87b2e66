public import Models
public import Platform
public import Tensors

/// Linear probing: the encoder stays as it is, and a linear classifier learns on the features of every layer, all in
/// one pass (Park et al. 2023, Figure 10).
public struct LinearProbe: Objective {
    /// What is read of a layer's tokens. Raw values are JSON's words.
    public enum Pooling: String, Sendable, Hashable, CaseIterable {
        /// The mean of the patch tokens.
        case avg
        /// The class token.
        case token
    }

    public let layout: ParameterLayout
    public let buffers: ParameterLayout
    public let encoder: TrainableViT
    /// Depths that are probed: 0 is the embedding, i the stream after block i − 1.
    public let layers: [Int]
    private let recipe: ViTRecipe
    private let pooling: Pooling
    private let heads: ProbeHeads

    /// - Parameter layers: depths from 0 to the encoder's; nil for all.
    public init(vit recipe: ViTRecipe, classes: Int, layers: [Int]? = nil, pooling: Pooling = .avg) {
        var recipe = recipe
        // The probe brings its own classifiers, and nothing is dropped in an encoder that does not learn.
        recipe.config.numClasses = 0
        recipe.dropPath = 0
        precondition(pooling == .avg || recipe.config.classToken, "the model has no class token to pool")
        var layout = ParameterLayout(), buffers = ParameterLayout()
        encoder = recipe.encoder(in: &layout)
        let depths = layers ?? Array(0...recipe.config.depth)
        precondition(depths.allSatisfy { (0...recipe.config.depth).contains($0) }, "no such layer to probe")
        precondition(Set(depths).count == depths.count, "a layer is probed twice")
        heads = ProbeHeads(
            layers: depths.count, width: recipe.config.embedDim, classes: classes, in: &layout, buffers: &buffers)
        self.layers = depths
        self.recipe = recipe
        self.pooling = pooling
        self.layout = layout
        self.buffers = buffers
    }

    public var momentumLayout: ParameterLayout? { nil }
    public var frozen: Set<String> { Set(encoder.parameters.map(\.name)) }

    public var stepFLOPs: Double { encoder.config.forwardFLOPs }

    public func initialState(seed: UInt64) -> NetworkState {
        var initializer = Initializer(layout, seed: seed)
        initializer.initialize(encoder, recipe)
        var weights = initializer.weights, running = ParameterBuffer(buffers)
        heads.initialize(&weights, &running, seed: seed)
        return NetworkState(weights: weights, buffers: running)
    }

    /// Metrics: `loss`, the mean over layers, and `accuracy.LAYER` of each.
    public func step(
        _ batch: Batch, state: inout NetworkState, gradients: inout ParameterBuffer, _ context: StepContext
    ) -> [Metric] {
        let result = heads.step(
            features(batch.views[0], weights: state.weights, pool: context.pool), labels: batch.labels,
            weights: state.weights, running: &state.buffers, gradients: &gradients, scale: context.gradientScale,
            pool: context.pool, ranks: context.ranks)
        return [Metric("loss", result.losses.reduce(0, +) / Double(max(result.losses.count, 1)))]
            + zip(layers, result.accuracies).map { Metric("accuracy.\($0)", $1) }
    }

    /// For each probed layer the class of each image, in evaluation; nil where the scores are not finite.
    public func decisions(_ images: Tensor, state: NetworkState, pool: ThreadPool) -> [[Int?]] {
        heads.logits(
            features(images, weights: state.weights, pool: pool), weights: state.weights, running: state.buffers,
            pool: pool
        ).map(\.largestColumns)
    }

    /// (batch, embedDim) of each probed layer.
    private func features(_ images: Tensor, weights: ParameterBuffer, pool: ThreadPool) -> [Tensor] {
        let prefix = encoder.config.numPrefixTokens
        var streams: [Tensor] = []
        encoder.forward(images, weights: weights, pool: pool) { depth, stream in
            guard layers.contains(depth) else { return }
            streams.append(pooling == .token ? stream.token(0) : stream.meanTokens(from: prefix))
        }
        // `layers` may name them in another order.
        let depths = layers.sorted()
        return layers.compactMap { layer in depths.firstIndex(of: layer).map { streams[$0] } }
    }
}
