public import Platform
public import Tensors

/// Where the class token's attention comes from after all blocks, residual connections counted in: attention rollout.
///
/// Abnar and Zuidema (2020), as vit-explain applies it to images: heads are fused, the lowest weights discarded, half
/// an identity added for the residual connection, and the maps of the blocks multiplied. Add the blocks in depth order.
/// A model without class token shows the mean of its patch queries instead.
///
/// The reference convention divides columns by row sums, as the published code does; they agree when nothing is
/// discarded and the fusion is the mean.
public struct AttentionRollout: Sendable {
    public let fusion: HeadFusion
    private var flow: RolloutFlow

    /// - Parameter discardRatio: share of a map's entries that is zeroed, the lowest first; the class token's attention
    ///   to itself stays.
    /// - Throws: `AnalysisError.discardRatio` unless it is between 0 and 1.
    public init(
        layout: TokenLayout, fusion: HeadFusion = .mean, discardRatio: Double = 0.9, convention: Convention = .corrected
    ) throws(AnalysisError) {
        self.fusion = fusion
        flow = try RolloutFlow(layout: layout, discardRatio: discardRatio, keepsFirst: true, convention: convention)
    }

    public var layout: TokenLayout { flow.layout }
    public var discardRatio: Double { flow.discardRatio }
    public var convention: Convention { flow.convention }

    /// Adds the next block's maps: (batch, heads, tokens, tokens), all of them.
    public mutating func add(_ attention: Tensor, pool: ThreadPool) {
        let tokens = layout.numTokens
        precondition(
            attention.shape.count == 4 && attention.shape[2] == tokens && attention.shape[3] == tokens,
            "rollout needs whole maps, not \(attention.shape)")
        flow.add(attention.fusingHeads(fusion, pool: pool), pool: pool)
    }

    /// The patches' part, divided by its largest number: (batch, rows, cols). Zeros where nothing reached a patch, NaN where
    /// a map holds numbers that are not finite.
    public var rollout: Tensor { flow.map }
}
