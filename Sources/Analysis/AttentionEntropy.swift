import Models
import Glibc
public import Platform
public import Tensors

/// How spread attention is: the entropy of a query's weights over the patches, mean over the queries, in nats.
///
/// 0 when every query looks at one patch, ln(patches) when it looks at all alike. Reference and corrected convention
/// agree.
public struct AttentionEntropy: Sendable {
    private let metrics: AttentionMetrics

    public init(layout: TokenLayout) { metrics = AttentionMetrics([.entropy], layout: layout) }

    /// Nats, for each image and head of `attention` (batch, heads, queries, tokens).
    public func values(_ attention: Tensor, pool: ThreadPool) -> HeadValues {
        metrics.values(attention, pool: pool).entropy ?? HeadValues(images: 0, heads: 0, values: [])
    }

    /// What attention that is the same everywhere has, nats.
    public static func uniform(_ layout: TokenLayout) -> Double { log(Double(layout.grid.count)) }

    /// Rounding leaves nothing else below 0; NaN stays NaN.
    static func clamp(_ entropy: Double) -> Double { entropy < 0 ? 0 : entropy }
}
