import Tensors

/// Norms on queries and keys before the scores (Dehghani et al. 2023): of each head, or of all heads side by side.
package struct QueryKeyNorm: Sendable {
    let query: LayerNorm
    let key: LayerNorm

    init?(_ name: String, config: VisionTransformerConfig, in layout: inout ParameterLayout) {
        guard config.qkNorm != .none else { return nil }
        let isFull = config.qkNorm == .full || config.qkNorm == .fullRMS
        let kind: VisionTransformerConfig.Norm = config.qkNorm == .full || config.qkNorm == .perHead ? .layer : .rms
        let width = isFull ? config.embedDim : config.headDim
        query = LayerNorm("\(name).q_norm", width: width, eps: config.eps, kind: kind, in: &layout)
        key = LayerNorm("\(name).k_norm", width: width, eps: config.eps, kind: kind, in: &layout)
    }

    func load(into weights: inout Weights, from stateDict: StateDict) throws(WeightError) {
        try query.load(into: &weights, from: stateDict)
        try key.load(into: &weights, from: stateDict)
    }

    /// Norms queries and keys of a fused projection (batch, tokens, 3·embedDim) in place.
    func apply(to qkv: inout Tensor, _ pass: ForwardPass) {
        for (index, norm) in [query, key].enumerated() {
            Self.replace(index, of: &qkv, norm) { norm.forward($0, pass) }
        }
    }

    /// The part `index` of the projection, in rows as wide as `norm`, becomes what `body` makes of it.
    private static func replace(
        _ index: Int, of qkv: inout Tensor, _ norm: LayerNorm, _ body: (Tensor) -> Tensor
    ) {
        let part = rows(index, of: qkv, norm)
        qkv.setColumns(
            from: index * (qkv.shape[2] / 3), to: body(part).reshaped([qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3]))
    }

    private static func rows(_ index: Int, of qkv: Tensor, _ norm: LayerNorm) -> Tensor {
        let width = qkv.shape[2] / 3, part = qkv.columns(index * width..<(index + 1) * width)
        return part.reshaped([part.count / norm.weight.count, norm.weight.count])
    }
}

extension QueryKeyNorm {
    /// What the way back needs: both parts as they were, and their norms.
    struct Activations: Sendable {
        let inputs: [Tensor]
        let forwards: [LayerNormForward]
    }

    func apply(to qkv: inout Tensor, _ pass: TrainingPass) -> Activations {
        let norms = [query, key]
        let inputs = norms.enumerated().map { Self.rows($0, of: qkv, $1) }
        let forwards = zip(norms, inputs).map { $0.forward($1, pass) }
        for index in norms.indices { Self.replace(index, of: &qkv, norms[index]) { _ in forwards[index].output } }
        return Activations(inputs: inputs, forwards: forwards)
    }

    /// Makes the gradient at the normed projection that at the projection itself.
    func applyBackward(
        to dQKV: inout Tensor, _ activations: Activations, _ pass: TrainingPass, gradients: inout ParameterBuffer
    ) {
        for (index, norm) in [query, key].enumerated() {
            let dOutput = Self.rows(index, of: dQKV, norm)
            let dInput = norm.backward(
                activations.inputs[index], activations.forwards[index], dOutput: dOutput, pass, gradients: &gradients)
            Self.replace(index, of: &dQKV, norm) { _ in dInput }
        }
    }
}
