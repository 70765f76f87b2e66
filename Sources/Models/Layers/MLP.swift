package import Tensors

/// The two-layer network of a block: fc2(GELU(fc1 x)), or fc2(SiLU(gate) · value) with both halves in fc1.
package struct MLP: Sendable {
    package let fc1: Linear
    package let fc2: Linear
    package let kind: VisionTransformerConfig.MLP

    package init(_ name: String, config: VisionTransformerConfig, in layout: inout ParameterLayout) {
        kind = config.mlp
        let rows = config.mlp == .swiglu ? 2 * config.mlpHidden : config.mlpHidden
        fc1 = Linear("\(name).fc1", inFeatures: config.embedDim, outFeatures: rows, in: &layout)
        fc2 = Linear("\(name).fc2", inFeatures: config.mlpHidden, outFeatures: config.embedDim, in: &layout)
    }

    /// Adds the network's answer for `x` (batch, tokens, embedDim) to `sum`.
    func accumulate(_ x: Tensor, into sum: inout Tensor, _ pass: ForwardPass) {
        switch kind {
        case .gelu: fc1.accumulate(x, through: fc2, into: &sum, pass)
        case .swiglu: fc2.accumulate(fc1.forward(x, pass).swiGLU(pool: pass.pool), into: &sum, pass)
        }
    }
}
