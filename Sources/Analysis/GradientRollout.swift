public import Platform
public import Tensors

/// Where the evidence for a score comes from: attention rollout of maps weighted by their gradients.
///
/// vit-explain's gradient rollout (docs/science.md#gradient-rollout): a block's map is the mean over heads of attention ⊙ gradient, with
/// zeros for negative numbers; then as attention rollout, but the first number may be discarded too.
///
/// The reference convention gives block l the gradient of block L − 1 − l, because the published code collects
/// gradients on the way back, and divides columns by row sums.
public struct GradientRollout: Sendable {
    public let layout: TokenLayout
    public let discardRatio: Double
    public let convention: Convention
    private let start: RolloutFlow

    /// - Parameter discardRatio: share of a map's entries that is zeroed, the lowest first.
    /// - Throws: `AnalysisError.discardRatio` unless it is between 0 and 1.
    public init(
        layout: TokenLayout, discardRatio: Double = 0.9, convention: Convention = .corrected
    ) throws(AnalysisError) {
        start = try RolloutFlow(
            layout: layout, discardRatio: discardRatio, keepsFirst: false, convention: convention)
        self.layout = layout
        self.discardRatio = discardRatio
        self.convention = convention
    }

    /// The patches' part, divided by its largest number: (batch, rows, cols). Zeros where nothing reached a patch, NaN where
    /// a map holds numbers that are not finite.
    ///
    /// - Parameters:
    ///   - attentions: of each block, (batch, heads, tokens, tokens).
    ///   - gradients: of the score at each of them, shaped alike.
    public func rollout(_ attentions: [Tensor], gradients: [Tensor], pool: ThreadPool) -> Tensor {
        precondition(attentions.map(\.shape) == gradients.map(\.shape), "a gradient for each map")
        let tokens = layout.numTokens
        precondition(attentions.allSatisfy { Array($0.shape.dropFirst(2)) == [tokens, tokens] }, "maps are whole")
        var flow = start
        for (block, attention) in attentions.enumerated() {
            let gradient = gradients[convention == .reference ? gradients.count - 1 - block : block]
            let weighted = zip(attention.array, gradient.array).map { $0 * $1 }
            let fused = Tensor(shape: attention.shape, weighted).fusingHeads(.mean, pool: pool)
            flow.add(fused.map { $0 < 0 ? 0 : $0 }, pool: pool)
        }
        return flow.map
    }
}
