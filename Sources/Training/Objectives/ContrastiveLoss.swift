import Foundation
public import Platform
public import Tensors

/// MoCo v3's symmetric InfoNCE: ℓ(q, k) = 2T · cross-entropy(q̂·k̂ᵀ / T) with each query's own image as its class (Chen
/// et al. 2021, Algorithm 1).
public enum ContrastiveLoss {
    /// The loss of queries q (batch, dim) against keys k (batch, dim), neither normalized, with the gradient at q of
    /// `scale` times it.
    ///
    /// - Parameter ranks: with several, the queries meet the keys of all, and the loss is this rank's share of a sum.
    public static func forward(
        q: Tensor, k: Tensor, temperature: Double, scale: Float = 1, pool: ThreadPool, ranks: Communicator = .alone
    ) -> (loss: Double, dQ: Tensor) {
        let batch = q.shape[0], first = ranks.rank * batch
        let queries = NormalizedRows(q), keys = ranks.gatherRows(NormalizedRows(k).output)
        let similarities = queries.output.product(keys, transposesOther: true, pool: pool)
        let own = CrossEntropy.forward(
            logits: similarities.map { Float(Double($0) / temperature) },
            targets: .classes(Array(first..<first + batch)), scale: 2 * temperature, total: batch * ranks.size)
        let dSimilarities = own.dLogits.map { Float(Double($0) / temperature) * scale }
        return (own.loss, queries.backward(dSimilarities.product(keys, pool: pool)))
    }
}

/// Softmax cross-entropy, the mean over the batch.
public enum CrossEntropy {
    /// What the softmax is held against.
    public enum Targets: Sendable {
        /// One class an image.
        case classes([Int])
        /// One class an image; (1 − smoothing) on it and smoothing spread over all classes (Szegedy et al. 2016).
        case smoothed([Int], Double)
        /// Shares of classes, (batch, classes).
        case soft(Tensor)
    }

    /// `scale` times the loss of `logits` (batch, classes), and its gradient.
    ///
    /// - Parameter total: images of the whole batch, where others have the rest: the loss is a share of their sum then.
    public static func forward(
        logits: Tensor, targets: Targets, scale: Double = 1, total images: Int? = nil
    ) -> (loss: Double, dLogits: Tensor) {
        let (batch, classes) = (logits.shape[0], logits.shape[1])
        let numbers = logits.array
        let soft: [Float]? = if case .soft(let shares) = targets { shares.array } else { nil }
        precondition(soft.map { $0.count == numbers.count } ?? true, "targets do not fit \(logits.shape)")
        let images = images ?? batch
        var total = 0.0
        var gradient = [Float](repeating: 0, count: numbers.count)
        for row in 0..<batch {
            let start = row * classes, line = numbers[start..<start + classes]
            let top = Double(line.max() ?? 0)
            let sum = line.reduce(0.0) { $0 + exp(Double($1) - top) }
            let logSum = top + log(sum)
            for column in 0..<classes {
                let share =
                    switch targets {
                    case .classes(let labels): labels[row] == column ? 1.0 : 0
                    case .smoothed(let labels, let smoothing):
                        (labels[row] == column ? 1 - smoothing : 0) + smoothing / Double(classes)
                    case .soft: Double(soft?[start + column] ?? 0)
                    }
                let logProbability = Double(numbers[start + column]) - logSum
                if share != 0 { total -= share * logProbability }
                // The shares of a row add up to one.
                gradient[start + column] = Float(scale * (exp(logProbability) - share) / Double(images))
            }
        }
        return (scale * total / Double(images), Tensor(shape: logits.shape, gradient))
    }
}
