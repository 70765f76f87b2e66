package import Tensors

extension Linear {
    /// x (…, inFeatures) → (…, outFeatures).
    package func forward(_ x: Tensor, _ pass: TrainingPass) -> Tensor {
        x.linear(pass.weights, weight: weight, bias: bias, precision: pass.precision, pool: pass.pool)
    }

    /// The gradient at `x`; an empty tensor unless `needsInput`.
    package func backward(
        _ x: Tensor, dOutput: Tensor, _ pass: TrainingPass, gradients: inout ParameterBuffer, needsInput: Bool = true
    ) -> Tensor {
        x.linearBackward(
            dOutput: dOutput, pass.weights, weight: weight, bias: bias, gradients: &gradients, needsInput: needsInput,
            precision: pass.precision, pool: pass.pool)
    }
}

extension LayerNorm {
    /// x (…, width) → the same shape, with what the way back needs.
    package func forward(_ x: Tensor, _ pass: TrainingPass) -> LayerNormForward {
        guard let bias else { return x.rmsNorm(pass.weights, weight: weight, eps: eps, pool: pass.pool) }
        return x.layerNorm(pass.weights, weight: weight, bias: bias, eps: eps, pool: pass.pool)
    }

    /// Adds the gradient at `x` to `dInput`.
    package func backward(
        _ x: Tensor, _ forward: LayerNormForward, dOutput: Tensor, addingTo dInput: inout Tensor, _ pass: TrainingPass,
        gradients: inout ParameterBuffer
    ) {
        guard let bias else {
            x.rmsNormBackward(
                forward, dOutput: dOutput, addingTo: &dInput, pass.weights, weight: weight, gradients: &gradients,
                pool: pass.pool)
            return
        }
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
    /// The norm of that, where there is one.
    let norm: LayerNormForward?
    /// (batch, tokens, embedDim).
    let output: Tensor
}

extension MLP {
    /// x (batch, tokens, embedDim) → the same shape.
    func forward(_ x: Tensor, _ pass: TrainingPass) -> MLPActivations {
        let hidden = fc1.forward(x, pass)
        let activated = kind.activate(hidden, pool: pass.pool)
        let normed = norm?.forward(activated, pass)
        return MLPActivations(
            hidden: hidden, activated: activated, norm: normed,
            output: fc2.forward(normed?.output ?? activated, pass))
    }

    /// The gradient at `x`.
    func backward(
        _ x: Tensor, _ activations: MLPActivations, dOutput: Tensor, _ pass: TrainingPass,
        gradients: inout ParameterBuffer
    ) -> Tensor {
        var dActivated = fc2.backward(
            activations.norm?.output ?? activations.activated, dOutput: dOutput, pass, gradients: &gradients)
        if let norm, let forward = activations.norm {
            dActivated = norm.backward(
                activations.activated, forward, dOutput: dActivated, pass, gradients: &gradients)
        }
        let dHidden = kind.activateBackward(activations.hidden, dOutput: dActivated, pool: pass.pool)
        return fc1.backward(x, dOutput: dHidden, pass, gradients: &gradients)
    }
}
