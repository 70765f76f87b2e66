import Catalogue
import JSON
import Models
import Tensors

/// Depths of a model, and whether its final norm comes first.
struct NormedDepths: Sendable {
    /// 0 = after embedding, i = after block i − 1.
    let depths: [Int]
    let isNormed: Bool

    static let depthsParameter = DeclaredParameter.indices(
        "depths", aliases: ["depth"], default: "-1",
        "Which depths: `all`, or indices and ranges; 0 is the embedding, 1 the first block's output, -1 the last.")
    static let normParameter = DeclaredParameter.flag(
        "final_norm", default: true, "Whether the model's final norm comes first, at whatever depth.")

    /// - Returns: nil, with a fault noted, where the parameters do not fit the model.
    init?(_ values: inout ParameterValues, _ model: NamedModel) {
        let config = model.model.config
        if values.isGiven(Self.normParameter), values[Self.normParameter], !config.finalNorm {
            values.add(Self.normParameter, "“\(model.name)” has no final norm; write false.")
        }
        isNormed = values[Self.normParameter] && config.finalNorm
        values.resolve(Self.normParameter, to: .bool(isNormed), canonical: "\(isNormed)")
        guard let places = values.indices(Self.depthsParameter, count: config.depth + 1, noun: "depth") else {
            return nil
        }
        depths = places
    }

    /// What `look` makes of the tokens, (batch, tokens, embedDim), of each depth in order.
    func look<Seen>(_ batch: ForwardBatch, _ look: (Tensor) throws -> Seen) throws -> [Seen] {
        var request = IntermediatesRequest()
        request.hiddenStates = Set(depths)
        var found: [Int: Seen] = [:]
        try batch.forward(request) { intermediate in
            guard case .hiddenState(let depth, let tensor) = intermediate else { return }
            found[depth] = try look(isNormed ? batch.normed(tensor) : tensor)
        }
        return depths.compactMap { found[$0] }
    }
}
