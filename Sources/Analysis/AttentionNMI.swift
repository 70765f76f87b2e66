import Glibc
public import Platform
public import Tensors

/// How much the attention of a head depends on the query: the mutual information of query and key patches over the
/// geometric mean of their entropies. 0 when all queries have the same map (attention collapse), 1 when each has its
/// own key.
///
/// Park et al. (ICLR 2023), figure 4. The reference convention differs in the eighth digit: there the distribution of
/// the queries and its entropy are 32-bit numbers.
public struct AttentionNMI: Sendable {
    /// Added to every attention weight before the row is divided by its sum.
    public static let eps = 1e-8

    private let metrics: AttentionMetrics

    public init(layout: TokenLayout, convention: Convention = .corrected) {
        metrics = AttentionMetrics([.nmi], layout: layout, convention: convention)
    }

    /// 0…1, for each image and head of `attention` (batch, heads, queries, tokens); NaN on a grid of one patch, where
    /// there is nothing to tell apart.
    public func values(_ attention: Tensor, pool: ThreadPool) -> HeadValues {
        metrics.values(attention, pool: pool).nmi ?? HeadValues(images: 0, heads: 0, values: [])
    }

    /// I(query; key) = H(key) − H(key | query), over √(H(query) · H(key)).
    static func value(rowEntropies: Double, keyEntropy: Double, queries: QueryDistribution) -> Double {
        guard queries.entropy > 0 else { return .nan }
        let information = keyEntropy - queries.probability * rowEntropies
        let value = information / (queries.entropy * keyEntropy).squareRoot()
        // Written so that NaN stays NaN: rounding leaves nothing else below 0 or above 1.
        return value < 0 ? 0 : value > 1 ? 1 : value
    }
}

/// The uniform distribution of the queries.
struct QueryDistribution: Sendable {
    /// The probability of each query.
    let probability: Double
    /// The entropy of the queries, nats.
    let entropy: Double

    init(patches: Int, _ convention: Convention) {
        switch convention {
        case .reference:
            // In the published code both are 32-bit: a softmax of ones, and PyTorch's sum of p ln p.
            let p = 1 / Float(patches)
            probability = Double(p)
            entropy = patches > 1 ? Double(-Self.sum(of: p * log(p), patches)) : 0
        case .corrected:
            probability = 1 / Double(patches)
            entropy = log(Double(patches))
        }
    }

    /// `count` times the same 32-bit number, added in PyTorch's order: vectors of 8, in 4 partial sums, the rest first.
    private static func sum(of term: Float, _ count: Int) -> Float {
        let lanes = 8, vectors = count / lanes
        let partial = cascade(of: term, vectors / 4)
        var lane = partial
        for _ in 0..<vectors % 4 { lane += term }
        for _ in 0..<3 { lane += partial }
        var sum: Float = 0
        for _ in 0..<count % lanes { sum += term }
        for _ in 0..<lanes { sum += lane }
        return sum
    }

    /// `count` times the same number, added in runs of 16 or more and runs of runs, on four levels.
    private static func cascade(of term: Float, _ count: Int) -> Float {
        var power = 4
        while 1 << (4 * power) < count { power += 1 }
        let run = 1 << power
        var levels: [Float] = [0, 0, 0, 0], added = 0
        while added + run <= count {
            for _ in 0..<run { levels[0] += term }
            added += run
            for level in 1..<4 {
                levels[level] += levels[level - 1]
                levels[level - 1] = 0
                if added & ((run - 1) << (level * power)) != 0 { break }
            }
        }
        for _ in added..<count { levels[0] += term }
        return levels.reduce(0, +)
    }
}
