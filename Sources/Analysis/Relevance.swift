public import Models
public import Platform
public import Tensors

/// Which patches a score of a classifier rests on: relevance as it moves through attention (Chefer et al. 2021, "Generic
/// Attention-model Explainability", equations 5 and 6).
///
/// R = 1 at the start; in each block Ā is the mean over heads of the positive part of A ⊙ ∂score/∂A, and R ← R + Ā·R. No
/// weight is discarded, and rows are not divided by their sums.
public struct Relevance: Sendable {
    public let layout: TokenLayout
    /// What the classifier reads.
    public let pool: VisionTransformerConfig.GlobalPool

    public init(layout: TokenLayout, pool: VisionTransformerConfig.GlobalPool) {
        precondition(pool != .map && (pool != .token || layout.numPrefixTokens > 0), "nothing is read there")
        self.layout = layout
        self.pool = pool
    }

    /// Of what the classifier reads, the relevance of each patch beyond that for itself, divided by the largest number:
    /// (batch, rows, cols). Zeros where nothing is relevant, NaN where a map or gradient holds numbers that are not
    /// finite.
    ///
    /// - Parameters:
    ///   - attentions: of each block, (batch, heads, tokens, tokens).
    ///   - gradients: of the score at each of them, shaped alike.
    public func maps(_ attentions: [Tensor], gradients: [Tensor], pool threads: ThreadPool) -> Tensor {
        precondition(attentions.map(\.shape) == gradients.map(\.shape), "a gradient for each map")
        let tokens = layout.numTokens, batch = attentions.first?.shape[0] ?? 0
        precondition(attentions.allSatisfy { Array($0.shape.dropFirst(2)) == [tokens, tokens] }, "maps are whole")
        var flows = [DoubleMatrix](repeating: .identity(tokens), count: batch)
        for (attention, gradient) in zip(attentions, gradients) {
            // A NaN stays one: a comparison with it is false.
            let positive = zip(attention.array, gradient.array).map { $0 * $1 < 0 ? 0 : $0 * $1 }
            let fused = Tensor(shape: attention.shape, positive).fusingHeads(.mean, pool: threads)
            for image in 0..<batch {
                let step = DoubleMatrix(fused.part(image).reshaped([tokens, tokens]))
                let moved = step.product(flows[image], pool: threads)
                flows[image] = DoubleMatrix(
                    rows: tokens, cols: tokens, zip(flows[image].values, moved.values).map { $0 + $1 })
            }
        }
        let maps = flows.map(map)
        return maps.isEmpty ? .zeros([0, layout.grid.rows, layout.grid.cols]) : .stacking(maps)
    }

    private func map(_ flow: DoubleMatrix) -> Tensor {
        let shape = [layout.grid.rows, layout.grid.cols]
        let numbers = layout.patches.map { key in
            readers.reduce(0.0) { $0 + $1.weight * (flow[$1.token, key] - ($1.token == key ? 1 : 0)) }
        }
        guard numbers.allSatisfy(\.isFinite) else { return Tensor(shape: shape, repeating: .nan) }
        let largest = numbers.max() ?? 0
        return Tensor(shape: shape, numbers.map { largest > 0 ? Float($0 / largest) : 0 })
    }

    /// The tokens that the classifier reads, and how much of each.
    private var readers: [(token: Int, weight: Double)] {
        let mean = layout.patches.map { (token: $0, weight: 1 / Double(layout.grid.count)) }
        switch pool {
        case .token: return [(0, 1)]
        case .tokenAndAvg: return [(0, 1)] + mean
        case .avg, .map: return mean
        }
    }
}
