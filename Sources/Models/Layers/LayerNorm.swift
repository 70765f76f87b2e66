package import Tensors

/// (x − mean) / √(variance + eps) · weight + bias over the width of a token (Ba et al. 2016), or without mean and bias
/// (Zhang and Sennrich 2019).
package struct LayerNorm: Sendable {
    package let weight: Parameter
    /// Nil where the norm is by the root mean square.
    package let bias: Parameter?
    package let eps: Float

    package init(
        _ name: String, width: Int, eps: Float, kind: VisionTransformerConfig.Norm = .layer,
        in layout: inout ParameterLayout
    ) {
        weight = layout.add("\(name).weight", [width])
        bias = kind == .layer ? layout.add("\(name).bias", [width]) : nil
        self.eps = eps
    }

    /// A norm of `config`'s kind.
    init(_ name: String, width: Int, _ config: VisionTransformerConfig, in layout: inout ParameterLayout) {
        self.init(name, width: width, eps: config.eps, kind: config.norm, in: &layout)
    }

    func load(into weights: inout Weights, from stateDict: StateDict) throws(WeightError) {
        try weights.load(weight, from: stateDict)
        if let bias { try weights.load(bias, from: stateDict) }
    }

    /// x (…, width) → the same shape.
    func forward(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
        let weight = pass.weights.tensor(weight)
        guard let bias else { return x.rmsNorm(weight: weight, eps: eps, pool: pass.pool) }
        return x.layerNorm(weight: weight, bias: pass.weights.tensor(bias), eps: eps, pool: pass.pool)
    }

    /// The same for a linear layer to read, rounded where that multiplies in bf16.
    func input(_ x: Tensor, _ pass: ForwardPass) -> ProductInput {
        guard pass.weights.precision == .bf16 else { return .exact(forward(x, pass)) }
        let weight = pass.weights.tensor(weight)
        guard let bias else {
            return .rounded(RoundedTensor(rmsNorm: x, weight: weight, eps: eps, pool: pass.pool))
        }
        return .rounded(
            RoundedTensor(layerNorm: x, weight: weight, bias: pass.weights.tensor(bias), eps: eps, pool: pass.pool))
    }
}
