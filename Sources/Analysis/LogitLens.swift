import Foundation

/// What a classifier says of a representation before the last: its logits as probabilities (nostalgebraist 2020; of
/// Vision Transformers Vilas et al. 2023, section 3).
public struct LogitLens: Sendable, Equatable {
    /// The most probable classes, the most probable first; of equals the lower index.
    public let classes: [Int]
    /// Of `classes`.
    public let probabilities: [Double]
    /// −Σ p ln p, nats.
    public let entropy: Double
    private let all: [Double]

    /// Nil where a logit is not finite: nothing is decided.
    ///
    /// - Parameter count: of classes that are named, as many as there are at the most.
    public init?(logits: [Float], count: Int) {
        guard let largest = logits.max(), logits.allSatisfy(\.isFinite) else { return nil }
        // Relative to the largest, so that no exponential overflows.
        let weights = logits.map { exp(Double($0) - Double(largest)) }, sum = weights.reduce(0, +)
        let shares = weights.map { $0 / sum }
        let order = logits.indices.sorted { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
        all = shares
        classes = Array(order.prefix(count))
        probabilities = classes.map { shares[$0] }
        // What has no weight adds nothing.
        entropy = shares.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
    }

    /// Of as many classes when all are equally probable, nats.
    public static func uniformEntropy(classes: Int) -> Double { log(Double(classes)) }

    public func probability(of place: Int) -> Double { all[place] }

    /// 1 for the most probable class; of equals the lower index comes first.
    public func rank(of place: Int) -> Int {
        1 + all.indices.count { all[$0] > all[place] || (all[$0] == all[place] && $0 < place) }
    }
}
