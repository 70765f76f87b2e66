import Models
import Platform
import Tensors

/// What flows from token to token through blocks whose maps are multiplied, residual connections counted in: the
/// recursion that attention rollout and gradient rollout share.
struct RolloutFlow: Sendable {
    let layout: TokenLayout
    /// Share of a map's entries that is zeroed, the lowest first.
    let discardRatio: Double
    /// Whether the class token's attention to itself is never among them.
    let keepsFirst: Bool
    /// The reference convention divides columns by row sums, as the published code does.
    let convention: Convention
    /// From each token to each so far, an image each: (tokens, tokens).
    private var flows: [DoubleMatrix] = []

    /// - Throws: `AnalysisError.discardRatio` unless it is between 0 and 1.
    init(
        layout: TokenLayout, discardRatio: Double, keepsFirst: Bool, convention: Convention
    ) throws(AnalysisError) {
        guard discardRatio >= 0, discardRatio <= 1 else { throw .discardRatio(discardRatio) }
        self.layout = layout
        self.discardRatio = discardRatio
        self.keepsFirst = keepsFirst
        self.convention = convention
    }

    /// Goes through the next block.
    ///
    /// - Parameter maps: one an image, heads fused: (batch, 1, tokens, tokens).
    mutating func add(_ maps: Tensor, pool: ThreadPool) {
        let tokens = layout.numTokens
        if flows.isEmpty { flows = [DoubleMatrix](repeating: .identity(tokens), count: maps.shape[0]) }
        precondition(flows.count == maps.shape[0], "another number of images than before")
        let discard =
            Int(rounding: Double(tokens * tokens) * discardRatio, .down, into: 0...tokens * tokens) ?? 0
        for image in flows.indices {
            let step = DoubleMatrix(maps.part(image).reshaped([tokens, tokens]))
                .rolloutStep(discard: discard, keepsFirst: keepsFirst, scalingColumns: convention == .reference)
            flows[image] = step.product(flows[image], pool: pool)
        }
    }

    /// What reached the class token, or all patches where there is none, from each patch, divided by the largest
    /// number: (batch, rows, cols). Zeros where nothing did; all NaN where a number of it is not finite, for then no
    /// share of it is known.
    var map: Tensor {
        let prefix = layout.numPrefixTokens, (rows, cols) = (layout.grid.rows, layout.grid.cols)
        let maps = flows.map { flow in
            let queries = layout.classToken && prefix > 0 ? 0..<1 : layout.patches
            let mask = layout.patches.map { key in queries.reduce(0) { $0 + flow[$1, key] } }
            guard mask.allSatisfy(\.isFinite) else { return Tensor(shape: [rows, cols], repeating: .nan) }
            let largest = mask.max() ?? 0
            return Tensor(shape: [rows, cols], mask.map { largest > 0 ? Float($0 / largest) : 0 })
        }
        return maps.isEmpty ? Tensor.zeros([0, rows, cols]) : Tensor.stacking(maps)
    }
}
