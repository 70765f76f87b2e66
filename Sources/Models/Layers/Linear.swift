package import Tensors

/// y = x·Wᵀ + b: the places of W (outFeatures, inFeatures) and b (outFeatures).
package struct Linear: Sendable {
    package let weight: Parameter
    package let bias: Parameter?

    package init(_ name: String, inFeatures: Int, outFeatures: Int, bias: Bool = true, in layout: inout ParameterLayout)
    {
        weight = layout.add("\(name).weight", [outFeatures, inFeatures])
        self.bias = bias ? layout.add("\(name).bias", [outFeatures]) : nil
    }

    /// x (…, inFeatures) → (…, outFeatures).
    func forward(
        _ x: ProductInput, _ pass: ForwardPass, activation: PackedLinear.Activation = .none
    ) -> Tensor {
        pass.weights.product(self).forward(x, activation: activation, pool: pass.pool)
    }

    func forward(_ x: Tensor, _ pass: ForwardPass, activation: PackedLinear.Activation = .none) -> Tensor {
        forward(.exact(x), pass, activation: activation)
    }

    /// The same where all layers multiply in bf16, and nobody but a product reads it.
    func rounded(_ x: ProductInput, _ pass: ForwardPass) -> RoundedTensor {
        pass.weights.product(self).rounded(x, pool: pass.pool)
    }

    /// Adds y to `sum`.
    func accumulate(_ x: ProductInput, into sum: inout Tensor, _ pass: ForwardPass) {
        pass.weights.product(self).accumulate(x, into: &sum, pool: pass.pool)
    }

    /// Adds next(GELU(y)) to `sum`.
    func accumulate(_ x: ProductInput, through next: Linear, into sum: inout Tensor, _ pass: ForwardPass) {
        pass.weights.product(self).accumulate(
            x, through: pass.weights.product(next), into: &sum, pool: pass.pool)
    }
}
