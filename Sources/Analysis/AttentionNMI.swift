import Glibc
public import Platform
public import Tensors

/// How much the attention of a head depends on the query: the mutual information of query and key patches over the
/// geometric mean of their entropies. 0 when all queries have the same map (attention collapse), 1 when each has its own
/// key.
///
/// Park et al. (ICLR 2023), figure 4. The reference convention differs in the seventh digit: there the probability of a
/// query, 1 / patches, is a 32-bit number.
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

    static func queryProbability(patches: Int, _ convention: Convention) -> Double {
        switch convention {
        case .reference: Double(1 / Float(patches))
        case .corrected: 1 / Double(patches)
        }
    }

    /// I(query; key) = H(key) − H(key | query), over √(H(query) · H(key)).
    static func value(
        rowEntropies: Double, keyEntropy: Double, queryProbability: Double, patches: Double
    ) -> Double {
        guard patches > 1 else { return .nan }
        let information = keyEntropy - queryProbability * rowEntropies
        let queryEntropy = -patches * queryProbability * log(queryProbability)
        let value = information / (queryEntropy * keyEntropy).squareRoot()
        // Written so that NaN stays NaN: rounding leaves nothing else below 0 or above 1.
        return value < 0 ? 0 : value > 1 ? 1 : value
    }
}
