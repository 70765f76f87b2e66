public import Platform
public import Tensors

/// Linear probing on features that were computed once: what separates linearly, layer by layer.
public enum FeatureProbe {
    /// Features of labelled images.
    public struct Samples: Sendable {
        /// (images, width) of each layer.
        public var features: [Tensor]
        public var labels: [Int]

        public init(features: [Tensor], labels: [Int]) {
            precondition(features.allSatisfy { $0.shape.count == 2 && $0.shape[0] == labels.count }, "a label an image")
            self.features = features
            self.labels = labels
        }
    }

    /// How the classifiers learn: SGD with momentum 0.9 and a cosine to 0, as MoCo v3's linear evaluation.
    public struct Schedule: Sendable, Hashable {
        public var epochs: Int
        public var batchSize: Int
        public var learningRate: Double
        public var seed: UInt64
        public var normalizer = ProbeHeads.Normalizer.batchNorm

        public init(epochs: Int = 60, batchSize: Int = 256, learningRate: Double = 0.1, seed: UInt64 = 0) {
            self.epochs = epochs
            self.batchSize = batchSize
            self.learningRate = learningRate
            self.seed = seed
        }
    }

    /// The share of `test` that a classifier trained on `train` gets right, of each layer; NaN where it decides nothing
    /// of an image.
    public static func accuracies(
        train: Samples, test: Samples, classes: Int, schedule: Schedule = Schedule(), pool: ThreadPool
    ) -> [Double] {
        decisions(train: train, on: test.features, classes: classes, schedule: schedule, pool: pool).map { decided in
            share(decided, right: test.labels)
        }
    }

    /// The share of decisions that are right; NaN where one was not made.
    public static func share(_ decisions: [Int?], right labels: [Int]) -> Double {
        guard !decisions.contains(nil) else { return .nan }
        return Double(zip(decisions, labels).count { $0 == $1 }) / Double(max(labels.count, 1))
    }

    /// The class that a classifier trained on `train` gives each image of `features`, of each layer; nil where its
    /// scores are not finite.
    public static func decisions(
        train: Samples, on features: [Tensor], classes: Int, schedule: Schedule = Schedule(), pool: ThreadPool
    ) -> [[Int?]] {
        logits(train: train, on: features, classes: classes, schedule: schedule, pool: pool).map(\.largestColumns)
    }

    /// What a classifier trained on `train` says of each image of `features`, of each layer: (images, classes).
    public static func logits(
        train: Samples, on features: [Tensor], classes: Int, schedule: Schedule = Schedule(), pool: ThreadPool
    ) -> [Tensor] {
        guard !train.features.isEmpty, !train.labels.isEmpty else { return [] }
        return FittedProbe(train: train, classes: classes, schedule: schedule, pool: pool)
            .logits(of: features, pool: pool)
    }
}
