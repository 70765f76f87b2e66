package import Tensors

extension Linear {
    /// x (…, inFeatures) → (…, outFeatures).
    package func forward(_ x: Tensor, _ pass: TrainingPass) -> Tensor {
        x.linear(pass.weights, weight: weight, bias: bias, pool: pass.pool)
    }

    /// The gradient at `x`; an empty tensor unless `needsInput`.
    package func backward(
        _ x: Tensor, dOutput: Tensor, _ pass: TrainingPass, gradients: inout ParameterBuffer, needsInput: Bool = true
    ) -> Tensor {
        x.linearBackward(
            dOutput: dOutput, pass.weights, weight: weight, bias: bias, gradients: &gradients, needsInput: needsInput,
            pool: pass.pool)
    }
}

extension LayerNorm {
    /// x (…, width) → the same shape, with what the way back needs.
    package func forward(_ x: Tensor, _ pass: TrainingPass) -> LayerNormForward {
        x.layerNorm(pass.weights, weight: weight, bias: bias, eps: eps, pool: pass.pool)
    }

    /// Adds the gradient at `x` to `dInput`.
    package func backward(
        _ x: Tensor, _ forward: LayerNormForward, dOutput: Tensor, addingTo dInput: inout Tensor, _ pass: TrainingPass,
        gradients: inout ParameterBuffer
    ) {
        x.layerNormBackward(
            forward, dOutput: dOutput, addingTo: &dInput, pass.weights, weight: weight, bias: bias,
            gradients: &gradients, pool: pass.pool)
    }

    /// The gradient at `x`, where nothing else meets.
    package func backward(
        _ x: Tensor, _ forward: LayerNormForward, dOutput: Tensor, _ pass: TrainingPass,
        gradients: inout ParameterBuffer
    ) -> Tensor {
        var dInput = Tensor.zeros(x.shape)
        backward(x, forward, dOutput: dOutput, addingTo: &dInput, pass, gradients: &gradients)
        return dInput
    }
}

/// What the two-layer network of a block keeps for its way back.
package struct MLPActivations: Sendable {
    /// Before the activation: (batch, tokens, rows of fc1).
    let hidden: Tensor
    /// After it: (batch, tokens, hidden).
    let activated: Tensor
    /// (batch, tokens, embedDim).
    let output: Tensor
}

extension MLP {
    /// x (batch, tokens, embedDim) → the same shape.
    func forward(_ x: Tensor, _ pass: TrainingPass) -> MLPActivations {
        let hidden = fc1.forward(x, pass)
        let activated = kind == .swiglu ? hidden.swiGLU(pool: pass.pool) : hidden.gelu(pool: pass.pool)
        return MLPActivations(hidden: hidden, activated: activated, output: fc2.forward(activated, pass))
    }

    /// The gradient at `x`.
    func backward(
        _ x: Tensor, _ activations: MLPActivations, dOutput: Tensor, _ pass: TrainingPass,
        gradients: inout ParameterBuffer
    ) -> Tensor {
        let dActivated = fc2.backward(activations.activated, dOutput: dOutput, pass, gradients: &gradients)
        let dHidden =
            kind == .swiglu
            ? activations.hidden.swiGLUBackward(dOutput: dActivated, pool: pass.pool)
            : activations.hidden.geluBackward(dOutput: dActivated, pool: pass.pool)
        return fc1.backward(x, dOutput: dHidden, pass, gradients: &gradients)
    }
}
