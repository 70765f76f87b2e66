import Models
public import Platform
public import Tensors

/// Linear classifiers that learned from features, one for each layer.
public struct FittedProbe: Sendable {
    private let heads: ProbeHeads
    private let weights: ParameterBuffer
    private let running: ParameterBuffer

    /// Learns: SGD with momentum 0.9 and a cosine to 0.
    ///
    /// - Parameter train: one image at least.
    public init(
        train: FeatureProbe.Samples, classes: Int, schedule: FeatureProbe.Schedule = FeatureProbe.Schedule(),
        pool: ThreadPool
    ) {
        let width = train.features[0].shape[1]
        let heads = ProbeHeads(
            layers: train.features.count, width: width, classes: classes, normalizer: schedule.normalizer)
        var weights = ParameterBuffer(heads.layout), running = ParameterBuffer(heads.buffers)
        heads.initialize(&weights, &running, seed: schedule.seed)
        let size = min(schedule.batchSize, train.labels.count), steps = train.labels.count / size
        var optimizer = Optimizer(
            .sgd(momentum: 0.9, nesterov: false), layout: heads.layout,
            groups: [ParameterGroup(heads.layout.parameters, weightDecay: 0)],
            schedule: LearningRateSchedule(
                .cosine(countsWarmup: true), peak: schedule.learningRate, totalSteps: schedule.epochs * steps))
        var gradients = ParameterBuffer(heads.layout)
        for epoch in 0..<schedule.epochs {
            var random = RandomStream(seed: schedule.seed, "probe.order").stream(epoch)
            let order = random.permutation(train.labels.count)
            for step in 0..<steps {
                let indices = Array(order[step * size..<(step + 1) * size])
                gradients.zero()
                _ = heads.step(
                    train.features.map { $0.gatheringRows(indices) }, labels: indices.map { train.labels[$0] },
                    weights: weights, running: &running, gradients: &gradients, pool: pool)
                optimizer.step(
                    epoch * steps + step, weights: &weights, gradients: gradients, norm: 0, pool: pool)
            }
        }
        self.heads = heads
        self.weights = weights
        self.running = running
    }

    /// What is said of each image of `features`, of each layer: (images, classes).
    public func logits(of features: [Tensor], pool: ThreadPool) -> [Tensor] {
        heads.logits(features, weights: weights, running: running, pool: pool)
    }
}
