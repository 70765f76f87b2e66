import Models
import Tensors

/// Places of the residual stream: 0 after embedding, 2i + 1 after the attention of block i, 2i + 2 after its MLP.
struct ResidualTaps: Sendable, Equatable {
    let layers: [Int]

    var indices: [Int] { [0] + layers.flatMap { [2 * $0 + 1, 2 * $0 + 2] } }

    /// `embed`, `blocks.0.attn`, `blocks.0.mlp`, …
    var names: [String] {
        indices.map { $0 == 0 ? "embed" : "blocks.\(($0 - 1) / 2).\($0 % 2 == 1 ? "attn" : "mlp")" }
    }

    var request: IntermediatesRequest {
        var request = IntermediatesRequest()
        request.hiddenStates = Set([0] + layers.map { $0 + 1 })
        request.attentionResiduals = Set(layers)
        return request
    }

    /// What a pass showed there, in order.
    func tensors(_ seen: Intermediates) -> [Tensor] {
        indices.compactMap { $0 % 2 == 0 ? seen.hiddenStates[$0 / 2] : seen.attentionResiduals[$0 / 2] }
    }
}
