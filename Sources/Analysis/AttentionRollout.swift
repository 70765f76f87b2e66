import Models
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
    public let layout: TokenLayout
    public let fusion: HeadFusion
    /// Share of a map's entries that is zeroed, the lowest first; the class token's attention to itself stays.
    public let discardRatio: Double
    public let convention: Convention
    /// What flowed from each token to each so far, an image each: (tokens, tokens).
    private var flows: [DoubleMatrix] = []

    /// - Throws: `AnalysisError.discardRatio` unless it is between 0 and 1.
    public init(
        layout: TokenLayout, fusion: HeadFusion = .mean, discardRatio: Double = 0.9, convention: Convention = .corrected
    ) throws(AnalysisError) {
        guard discardRatio >= 0, discardRatio <= 1 else { throw .discardRatio(discardRatio) }
        self.layout = layout
        self.fusion = fusion
        self.discardRatio = discardRatio
        self.convention = convention
    }

    /// Adds the next block's maps: (batch, heads, tokens, tokens), all of them.
    public mutating func add(_ attention: Tensor, pool: ThreadPool) {
        let tokens = layout.numTokens
        precondition(
            attention.shape.count == 4 && attention.shape[2] == tokens && attention.shape[3] == tokens,
            "rollout needs whole maps, not \(attention.shape)")
        let fused = attention.fusingHeads(fusion, pool: pool)
        if flows.isEmpty { flows = [DoubleMatrix](repeating: .identity(tokens), count: attention.shape[0]) }
        precondition(flows.count == attention.shape[0], "another number of images than before")
        let discard = Int((Double(tokens * tokens) * discardRatio).rounded(.down))
        for image in flows.indices {
            let step = DoubleMatrix(fused.part(image).reshaped([tokens, tokens]))
                .rolloutStep(discard: discard, scalingColumns: convention == .reference)
            flows[image] = step.product(flows[image], pool: pool)
        }
    }

    /// The patches' part, divided by its largest number: (batch, rows, cols). Zeros where nothing reached a patch.
    public var rollout: Tensor {
        let prefix = layout.numPrefixTokens, (rows, cols) = (layout.grid.rows, layout.grid.cols)
        let maps = flows.map { flow in
            let queries = layout.classToken && prefix > 0 ? 0..<1 : layout.patches
            let mask = layout.patches.map { key in queries.reduce(0) { $0 + flow[$1, key] } }
            let largest = mask.max() ?? 0
            return Tensor(shape: [rows, cols], mask.map { largest > 0 ? Float($0 / largest) : 0 })
        }
        return maps.isEmpty ? Tensor.zeros([0, rows, cols]) : Tensor.stacking(maps)
    }
}
