import Platform
package import Tensors

/// The two-layer network of a block: fc2(activation(fc1 x)), or fc2(SiLU(gate) · value) with both halves in fc1; with a norm
/// on what fc2 reads where the network has one.
package struct MLP: Sendable {
    package let fc1: Linear
    package let norm: LayerNorm?
    package let fc2: Linear
    package let kind: VisionTransformerConfig.MLP

    package init(_ name: String, config: VisionTransformerConfig, in layout: inout ParameterLayout) {
        kind = config.mlp
        let rows = config.mlp.isGated ? 2 * config.mlpHidden : config.mlpHidden
        fc1 = Linear(
            "\(name).fc1", inFeatures: config.embedDim, outFeatures: rows, bias: config.mlpBias, in: &layout)
        norm = config.mlpNorm ? LayerNorm("\(name).norm", width: config.mlpHidden, config, in: &layout) : nil
        fc2 = Linear(
            "\(name).fc2", inFeatures: config.mlpHidden, outFeatures: config.embedDim, bias: config.mlpBias,
            in: &layout)
    }

    /// What fc2 reads for `x` (batch, tokens, embedDim).
    private func hidden(_ x: ProductInput, _ pass: ForwardPass) -> Tensor {
        let hidden =
            kind == .gelu
            ? fc1.forward(x, pass, activation: .gelu) : kind.activate(fc1.forward(x, pass), pool: pass.pool)
        return norm?.forward(hidden, pass) ?? hidden
    }

    /// The network's answer for `x` (batch, tokens, embedDim).
    func forward(_ x: Tensor, _ pass: ForwardPass) -> Tensor { fc2.forward(hidden(.exact(x), pass), pass) }

    /// Adds the network's answer for `x` (batch, tokens, embedDim) to `sum`.
    func accumulate(_ x: ProductInput, into sum: inout Tensor, _ pass: ForwardPass) {
        guard kind == .gelu, norm == nil else {
            fc2.accumulate(.exact(hidden(x, pass)), into: &sum, pass)
            return
        }
        fc1.accumulate(x, through: fc2, into: &sum, pass)
    }
}

extension VisionTransformerConfig.MLP {
    /// Whether fc1 has a gate beside every number.
    public var isGated: Bool { self == .swiglu }

    /// What stands between the layers, by the word of registrations.
    public var activation: ActivationFunction {
        switch self {
        case .gelu: .gelu
        case .geluTanh: .geluTanh
        case .quickGELU: .quickGELU
        case .silu, .swiglu: .silu
        }
    }

    /// The network of two layers without a gate.
    init(plain activation: ActivationFunction) {
        self =
            switch activation {
            case .gelu: .gelu
            case .geluTanh: .geluTanh
            case .quickGELU: .quickGELU
            case .silu: .silu
            }
    }

    /// What becomes of fc1's answer (…, rows of fc1): (…, hidden).
    func activate(_ x: Tensor, pool: ThreadPool) -> Tensor {
        switch self {
        case .gelu: x.gelu(pool: pool)
        case .geluTanh: x.geluTanh(pool: pool)
        case .quickGELU: x.swish(scale: 1.702, pool: pool)
        case .silu: x.swish(scale: 1, pool: pool)
        case .swiglu: x.swiGLU(pool: pool)
        }
    }

    /// The gradient at fc1's answer `x`.
    func activateBackward(_ x: Tensor, dOutput: Tensor, pool: ThreadPool) -> Tensor {
        switch self {
        case .gelu: x.geluBackward(dOutput: dOutput, pool: pool)
        case .geluTanh: x.geluTanhBackward(dOutput: dOutput, pool: pool)
        case .quickGELU: x.swishBackward(scale: 1.702, dOutput: dOutput, pool: pool)
        case .silu: x.swishBackward(scale: 1, dOutput: dOutput, pool: pool)
        case .swiglu: x.swiGLUBackward(dOutput: dOutput, pool: pool)
        }
    }
}
