package import Tensors

/// One pre-norm block: x ← x + γ₁·proj(attention(norm1 x)); x ← x + γ₂·mlp(norm2 x).
///
/// Layer scale γ is folded into `attn.proj` and `mlp.fc2` when the weights are packed.
package struct Block: Sendable {
    package let norm1: LayerNorm
    package let qkv: Linear
    package let proj: Linear
    package let ls1: Parameter?
    package let norm2: LayerNorm
    package let mlp: MLP
    package let ls2: Parameter?
    /// ((2·rows−1)·(2·cols−1) + 3, numHeads), where each block has a table of its own.
    package let relPosTable: Parameter?
    package let numHeads: Int

    package init(_ name: String, config: VisionTransformerConfig, in layout: inout ParameterLayout) {
        let width = config.embedDim
        numHeads = config.numHeads
        norm1 = LayerNorm("\(name).norm1", width: width, eps: config.eps, in: &layout)
        qkv = Linear("\(name).attn.qkv", inFeatures: width, outFeatures: 3 * width, bias: config.qkvBias, in: &layout)
        relPosTable =
            config.relPos == .perBlock
            ? layout.add(
                "\(name).attn.relative_position_bias_table",
                [RelativePositionBias.entries(config.grid), config.numHeads]) : nil
        proj = Linear("\(name).attn.proj", inFeatures: width, outFeatures: width, in: &layout)
        ls1 = config.layerScale ? layout.add("\(name).ls1.gamma", [width]) : nil
        norm2 = LayerNorm("\(name).norm2", width: width, eps: config.eps, in: &layout)
        mlp = MLP("\(name).mlp", config: config, in: &layout)
        ls2 = config.layerScale ? layout.add("\(name).ls2.gamma", [width]) : nil
    }

    func load(into weights: inout Weights, from stateDict: StateDict) throws(WeightError) {
        try norm1.load(into: &weights, from: stateDict)
        try weights.load(qkv, from: stateDict)
        try weights.load(proj, scale: ls1, from: stateDict)
        try norm2.load(into: &weights, from: stateDict)
        try weights.load(mlp.fc1, from: stateDict)
        try weights.load(mlp.fc2, scale: ls2, from: stateDict)
    }

    /// What a request wants of one block.
    struct Wanted {
        var attention: AttentionSelection?
        var headOutput = false
        var attentionResidual = false
        /// Whether anything after the attention's output is needed, here or later.
        var goesOn: Bool
        /// Whether anything after this block's attention residual is needed.
        var needsMLP: Bool
        /// Whether the branches are added to the stream.
        var addsAttention = true
        var addsMLP = true
    }

    /// Attention on the stream, then the stream itself.
    ///
    /// - Parameters:
    ///   - x: (batch, tokens, embedDim), changed in place.
    ///   - bias: (numHeads, tokens, tokens) or nil.
    ///   - visit: called with what is wanted, in the order it comes to be.
    func forward(
        _ x: inout Tensor, index: Int, bias: Tensor?, wanted: Wanted, _ pass: ForwardPass,
        visit: (Intermediate) throws -> Void
    ) rethrows {
        let heads = wanted.attention.map { $0.heads ?? Array(0..<numHeads) }
        let attention = AttentionForward(
            qkv: qkv.forward(norm1.forward(x, pass), pass), numHeads: numHeads, bias: bias,
            wanted: .init(
                heads: heads, queries: wanted.attention?.queries, output: wanted.headOutput || wanted.goesOn),
            precision: pass.weights.precision, pool: pass.pool)
        if let maps = attention.maps { try visit(.attention(block: index, maps)) }
        guard let output = attention.output else { return }
        if wanted.headOutput { try visit(.headOutput(block: index, output.splittingHeads(numHeads))) }
        guard wanted.goesOn else { return }
        if wanted.addsAttention { proj.accumulate(output, into: &x, pass) }
        if wanted.attentionResidual { try visit(.attentionResidual(index, x)) }
        guard wanted.needsMLP, wanted.addsMLP else { return }
        mlp.accumulate(norm2.forward(x, pass), into: &x, pass)
    }
}

extension Tensor {
    /// (batch, tokens, heads·headDim) → (batch, heads, tokens, headDim).
    fileprivate func splittingHeads(_ heads: Int) -> Tensor {
        let (batch, tokens, headDim) = (shape[0], shape[1], shape[2] / heads)
        return permuted([0, 2, 1, 3], of: [batch, tokens, heads, headDim])
    }
}
