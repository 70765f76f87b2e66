package import Tensors

/// (x − mean) / √(variance + eps) · weight + bias over the width of a token (Ba et al. 2016).
package struct LayerNorm: Sendable {
    package let weight: Parameter
    package let bias: Parameter
    package let eps: Float

    package init(_ name: String, width: Int, eps: Float, in layout: inout ParameterLayout) {
        weight = layout.add("\(name).weight", [width])
        bias = layout.add("\(name).bias", [width])
        self.eps = eps
    }

    func load(into weights: inout Weights, from stateDict: StateDict) throws(WeightError) {
        try weights.load(weight, from: stateDict)
        try weights.load(bias, from: stateDict)
    }

    /// x (…, width) → the same shape.
    func forward(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
        x.layerNorm(weight: pass.weights.tensor(weight), bias: pass.weights.tensor(bias), eps: eps, pool: pass.pool)
    }
}
