public import Models
import Platform
public import Tensors

/// Supervised learning and fine-tuning: softmax cross-entropy on the classifier's answer.
public struct Classification: Objective {
    public let layout: ParameterLayout
    public let buffers = ParameterLayout()
    public let encoder: TrainableViT
    private let recipe: ViTRecipe
    private let smoothing: Double
    private let headScale: Double

    /// - Parameters:
    ///   - recipe: with the classifier's `numClasses`, its pooling and its `fcNorm`.
    ///   - smoothing: of labels; mixed images bring smoothed targets of their own.
    ///   - headStd: standard deviation of the classifier's first weights.
    public init(vit recipe: ViTRecipe, smoothing: Double = 0, headStd: Double = 0.02 * 0.001) {
        precondition(recipe.config.numClasses > 0, "a classifier has classes")
        var layout = ParameterLayout()
        encoder = recipe.encoder(in: &layout)
        self.recipe = recipe
        self.smoothing = smoothing
        headScale = headStd
        self.layout = layout
    }

    public var momentumLayout: ParameterLayout? { nil }
    public var frozen: Set<String> { encoder.frozen }

    public var stepFLOPs: Double { encoder.trainingFLOPs() }

    public func initialState(seed: UInt64) -> NetworkState {
        var initializer = Initializer(layout, seed: seed)
        initializer.initialize(encoder, recipe)
        for parameter in layout.parameters where parameter.name == "head.weight" {
            initializer.truncatedNormal(parameter, std: headScale, bound: 100)
        }
        return NetworkState(weights: initializer.weights, buffers: ParameterBuffer(buffers))
    }

    /// Metrics: `loss` and `accuracy`, the share of images whose largest logit is that of their largest target; NaN where
    /// a logit is not finite.
    public func step(
        _ batch: Batch, state: inout NetworkState, gradients: inout ParameterBuffer, _ context: StepContext
    ) -> [Metric] {
        let encoded = encoder.forward(
            batch.views[0], weights: state.weights, random: context.random("supervised", 0),
            slots: context.slots, pool: context.pool)
        let classified = encoder.classify(encoded.output, weights: state.weights, pool: context.pool)
        let targets: CrossEntropy.Targets =
            batch.softTargets.map { .soft($0) }
            ?? (smoothing > 0 ? .smoothed(batch.labels, smoothing) : .classes(batch.labels))
        let (loss, dLogits) = CrossEntropy.forward(
            logits: classified.logits, targets: targets, total: batch.count * context.ranks.size)
        let dOutput = encoder.classifyBackward(
            classified, dLogits: dLogits.map { $0 * context.gradientScale }, tokens: encoded.output.shape[1],
            weights: state.weights, gradients: &gradients, pool: context.pool)
        encoder.backward(
            encoded, dOutput: dOutput, weights: state.weights, gradients: &gradients, sum: context.sum,
            pool: context.pool)
        let targetClasses = batch.softTargets?.largestColumns.map { $0 ?? -1 } ?? batch.labels
        let accuracy = FeatureProbe.share(classified.logits.largestColumns, right: targetClasses)
        // Each rank's share has the same weight.
        let sums = context.ranks.sum([loss, accuracy])
        return [Metric("loss", sums[0]), Metric("accuracy", sums[1] / Double(context.ranks.size))]
    }

    /// The classifier's answer in evaluation, (batch, classes).
    public func logits(_ images: Tensor, weights: ParameterBuffer, context: StepContext) -> Tensor {
        let encoded = encoder.forward(images, weights: weights, keepsActivations: false, pool: context.pool)
        return encoder.classify(encoded.output, weights: weights, pool: context.pool).logits
    }
}
