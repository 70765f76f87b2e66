import Models
public import Platform
public import Tensors

/// Linear classifiers on the features of several layers, each behind a norm without affine part, which all learn at once
/// and nothing from each other (He et al. 2022, Appendix A.1).
public struct ProbeHeads: Sendable {
    /// What stands before a classifier, without affine part. Raw values are JSON's words.
    public enum Normalizer: String, Sendable, Hashable, CaseIterable {
        /// By the batch's statistics, later by the running ones (MAE).
        case batchNorm = "batch_norm"
        /// Over the numbers of a feature.
        case layerNorm = "layer_norm"
        case none
    }

    /// Places of the classifiers: `probe.LAYER.weight` and `probe.LAYER.bias`.
    public let layout: ParameterLayout
    /// Places of the running statistics: `probe.LAYER.norm.running_mean` and `.running_var`.
    public let buffers: ParameterLayout
    private let heads: [(norm: BatchNorm?, linear: Linear)]
    private let normalizer: Normalizer

    /// What one step learned.
    public struct Result: Sendable {
        /// The loss of each layer.
        public let losses: [Double]
        /// For each layer the share of images whose largest logit is their class's; NaN where a logit is not finite.
        public let accuracies: [Double]
    }

    /// - Parameters:
    ///   - layers: how many; layer 0 is the embedding.
    ///   - width: of a feature.
    public init(layers: Int, width: Int, classes: Int, normalizer: Normalizer = .batchNorm) {
        var layout = ParameterLayout(), buffers = ParameterLayout()
        self.init(
            layers: layers, width: width, classes: classes, normalizer: normalizer, in: &layout, buffers: &buffers)
    }

    /// The same, behind what is in `layout` and `buffers` already.
    public init(
        layers: Int, width: Int, classes: Int, normalizer: Normalizer = .batchNorm, in layout: inout ParameterLayout,
        buffers: inout ParameterLayout
    ) {
        precondition(layers > 0 && width > 0 && classes > 0, "a probe has layers, features and classes")
        self.normalizer = normalizer
        heads = (0..<layers).map { layer in
            let norm =
                normalizer == .batchNorm
                ? BatchNorm(
                    "probe.\(layer).norm", width: width, affine: false, eps: 1e-6, in: &layout, buffers: &buffers)
                : nil
            return (norm, Linear("probe.\(layer)", inFeatures: width, outFeatures: classes, in: &layout))
        }
        self.layout = layout
        self.buffers = buffers
    }

    /// First weights: normal of 0.01 (MoCo v3, MAE), biases 0, running variances 1.
    public func initialize(_ weights: inout ParameterBuffer, _ running: inout ParameterBuffer, seed: UInt64) {
        for (norm, linear) in heads {
            var random = RandomStream(seed: seed, "weights." + linear.weight.name)
            weights.set(
                linear.weight,
                to: Tensor(
                    shape: linear.weight.shape, (0..<linear.weight.count).map { _ in Float(random.normal() * 0.01) }))
            if let norm { running.set(norm.runningVar, to: Tensor(shape: norm.runningVar.shape, repeating: 1)) }
        }
    }

    /// Adds the gradients of the sum of all layers' losses.
    ///
    /// - Parameters:
    ///   - features: (batch, width) of each layer.
    ///   - ranks: who have the other images of the batch, as many each.
    public func step(
        _ features: [Tensor], labels: [Int], weights: ParameterBuffer, running: inout ParameterBuffer,
        gradients: inout ParameterBuffer, scale: Float = 1, pool: ThreadPool, ranks: Communicator = .alone
    ) -> Result {
        precondition(features.count == heads.count, "\(features.count) features for \(heads.count) probes")
        let pass = TrainingPass(weights: weights, pool: pool)
        var losses: [Double] = [], accuracies: [Double] = []
        for (feature, head) in zip(features, heads) {
            let normed =
                head.norm?.forward(feature, weights, buffers: &running, ranks: ranks).output ?? prepared(feature)
            let logits = head.linear.forward(normed, pass)
            let (loss, dLogits) = CrossEntropy.forward(
                logits: logits, targets: .classes(labels), total: labels.count * ranks.size)
            _ = head.linear.backward(
                normed, dOutput: dLogits.map { $0 * scale }, pass, gradients: &gradients, needsInput: false)
            losses.append(loss)
            accuracies.append(FeatureProbe.share(logits.largestColumns, right: labels))
        }
        let sums = ranks.sum(losses + accuracies)
        return Result(
            losses: Array(sums.prefix(losses.count)),
            accuracies: sums.suffix(accuracies.count).map { $0 / Double(ranks.size) })
    }

    /// For each layer the logits (images, classes), by the running statistics.
    public func logits(
        _ features: [Tensor], weights: ParameterBuffer, running: ParameterBuffer, pool: ThreadPool
    ) -> [Tensor] {
        let pass = TrainingPass(weights: weights, pool: pool)
        return zip(features, heads).map { feature, head in
            head.linear.forward(
                head.norm?.evaluate(feature, weights, buffers: running) ?? prepared(feature), pass)
        }
    }

    /// A feature (rows, width) that needs no statistics of others.
    private func prepared(_ feature: Tensor) -> Tensor {
        guard normalizer == .layerNorm else { return feature }
        var numbers = feature.array
        let width = feature.shape[1]
        for row in 0..<feature.shape[0] {
            let range = row * width..<(row + 1) * width
            let mean = numbers[range].reduce(0) { $0 + Double($1) } / Double(width)
            let variance = numbers[range].reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(width)
            let scale = 1 / (variance + 1e-6).squareRoot()
            for place in range { numbers[place] = Float((Double(numbers[place]) - mean) * scale) }
        }
        return Tensor(shape: feature.shape, numbers)
    }
}
