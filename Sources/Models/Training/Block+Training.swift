package import Tensors

/// Everything a block computes, by name.
package struct BlockActivations: Sendable {
    /// The stream before the block, (batch, tokens, embedDim).
    package let input: Tensor
    let norm1: LayerNormForward
    /// Normed and turned, (batch, tokens, 3·embedDim).
    let qkv: Tensor
    let qkNorm: QueryKeyNorm.Activations?
    /// (batch, numHeads, tokens, tokens).
    package let attention: Tensor
    /// The heads side by side, (batch, tokens, embedDim).
    let heads: Tensor
    /// The norm of that, where there is one.
    let attnNorm: LayerNormForward?
    /// The attention branch before layer scale.
    let attentionBranch: Tensor
    /// The stream after attention.
    package let attentionResidual: Tensor
    let norm2: LayerNormForward
    let mlp: MLPActivations
    /// The stream after the block.
    package let output: Tensor
    /// Factors of stochastic depth for both branches.
    let attentionScales: [Float]?
    let mlpScales: [Float]?
}

extension Block {
    /// x ← x + γ₁·proj(attention(norm1 x)); x ← x + γ₂·mlp(norm2 x).
    ///
    /// - Parameters:
    ///   - x: (batch, tokens, embedDim).
    ///   - bias: on the scores, (numHeads, tokens, tokens), or nil.
    ///   - rotation: of queries and keys, or nil.
    package func forward(
        _ x: Tensor, index: Int, bias: Tensor?, rotation: RotaryTables? = nil, _ pass: TrainingPass
    ) -> BlockActivations {
        precondition(!postNorm, "blocks that norm their branches afterwards have no way back")
        let batch = x.shape[0]
        let normed = norm1.forward(x, pass)
        var projected = qkv.forward(normed.output, pass)
        let qkNormed = qkNorm?.apply(to: &projected, pass)
        rotation?.apply(to: &projected, numHeads: numHeads, pool: pass.pool)
        let attended = AttentionForward(
            qkv: projected, numHeads: numHeads, bias: bias,
            wanted: .init(heads: Array(0..<numHeads), queries: nil, output: true), precision: pass.precision,
            pool: pass.pool)
        guard let maps = attended.maps, let heads = attended.output else {
            preconditionFailure("attention kept nothing")
        }
        let headsNormed = attnNorm?.forward(heads, pass)
        let branch = proj.forward(headsNormed?.output ?? heads, pass)
        let attentionScales = pass.dropPath?.scales(block: index, branch: 0, batch: batch)
        var residual = x
        residual.addBranch(branch, pass.weights, gamma: ls1, scales: attentionScales, pool: pass.pool)

        let normed2 = norm2.forward(residual, pass)
        let hidden = mlp.forward(normed2.output, pass)
        let mlpScales = pass.dropPath?.scales(block: index, branch: 1, batch: batch)
        var output = residual
        output.addBranch(hidden.output, pass.weights, gamma: ls2, scales: mlpScales, pool: pass.pool)
        return BlockActivations(
            input: x, norm1: normed, qkv: projected, qkNorm: qkNormed, attention: maps, heads: heads,
            attnNorm: headsNormed, attentionBranch: branch,
            attentionResidual: residual, norm2: normed2, mlp: hidden, output: output, attentionScales: attentionScales,
            mlpScales: mlpScales)
    }

    /// `forward` read upwards: `dStream` is the gradient at the block's output and becomes that at its input.
    ///
    /// - Parameters:
    ///   - dBias: the gradient at the bias on the scores is added, where there is one.
    ///   - rotation: that of the way forward.
    ///   - look: is shown the gradient at the heads side by side, (batch, tokens, embedDim).
    package func backward(
        _ a: BlockActivations, dStream: inout Tensor, dBias: inout Tensor?, rotation: RotaryTables? = nil,
        _ pass: TrainingPass,
        gradients: inout ParameterBuffer, look: ((Tensor) -> Void)? = nil
    ) {
        let dHidden = dStream.branchBackward(
            a.mlp.output, pass.weights, gamma: ls2, scales: a.mlpScales, gradients: &gradients, pool: pass.pool)
        let dNormed2 = mlp.backward(a.norm2.output, a.mlp, dOutput: dHidden, pass, gradients: &gradients)
        norm2.backward(
            a.attentionResidual, a.norm2, dOutput: dNormed2, addingTo: &dStream, pass, gradients: &gradients)

        let dBranch = dStream.branchBackward(
            a.attentionBranch, pass.weights, gamma: ls1, scales: a.attentionScales, gradients: &gradients,
            pool: pass.pool)
        var dHeads = proj.backward(a.attnNorm?.output ?? a.heads, dOutput: dBranch, pass, gradients: &gradients)
        if let attnNorm, let forward = a.attnNorm {
            dHeads = attnNorm.backward(a.heads, forward, dOutput: dHeads, pass, gradients: &gradients)
        }
        look?(dHeads)
        var dProjected = AttentionBackward.run(
            dOutput: dHeads, qkv: a.qkv, maps: a.attention, dBias: &dBias, precision: pass.precision,
            pool: pass.pool)
        rotation?.applyBackward(to: &dProjected, numHeads: numHeads, pool: pass.pool)
        if let qkNorm, let forward = a.qkNorm {
            qkNorm.applyBackward(to: &dProjected, forward, pass, gradients: &gradients)
        }
        let dNormed = qkv.backward(a.norm1.output, dOutput: dProjected, pass, gradients: &gradients)
        norm1.backward(a.input, a.norm1, dOutput: dNormed, addingTo: &dStream, pass, gradients: &gradients)
    }
}
