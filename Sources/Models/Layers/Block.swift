package import Tensors

/// One block: x ← x + γ₁·proj(attention(norm1 x)); x ← x + γ₂·mlp(norm2 x). With `postNorm` the norms are the last thing
/// in a branch: x ← x + norm1(proj(attention x)); x ← x + norm2(mlp x).
///
/// Layer scale γ is folded into `attn.proj` and `mlp.fc2` when the weights are packed.
package struct Block: Sendable {
    package let norm1: LayerNorm
    package let qkv: Linear
    let qkNorm: QueryKeyNorm?
    let attnNorm: LayerNorm?
    package let proj: Linear
    package let ls1: Parameter?
    package let norm2: LayerNorm
    package let mlp: MLP
    package let ls2: Parameter?
    /// ((2·rows−1)·(2·cols−1) + 3, numHeads), where each block has a table of its own.
    package let relPosTable: Parameter?
    package let numHeads: Int
    let postNorm: Bool

    package init(_ name: String, config: VisionTransformerConfig, in layout: inout ParameterLayout) {
        let width = config.embedDim
        numHeads = config.numHeads
        postNorm = config.postNorm
        norm1 = LayerNorm("\(name).norm1", width: width, config, in: &layout)
        qkv = Linear("\(name).attn.qkv", inFeatures: width, outFeatures: 3 * width, bias: config.qkvBias, in: &layout)
        qkNorm = QueryKeyNorm("\(name).attn", config: config, in: &layout)
        relPosTable =
            config.relPos == .perBlock
            ? layout.add(
                "\(name).attn.relative_position_bias_table",
                [RelativePositionBias.entries(config.grid), config.numHeads]) : nil
        attnNorm = config.attnNorm ? LayerNorm("\(name).attn.norm", width: width, config, in: &layout) : nil
        proj = Linear(
            "\(name).attn.proj", inFeatures: width, outFeatures: width, bias: config.projBias, in: &layout)
        ls1 = config.layerScale ? layout.add("\(name).ls1.gamma", [width]) : nil
        norm2 = LayerNorm("\(name).norm2", width: width, config, in: &layout)
        mlp = MLP("\(name).mlp", config: config, in: &layout)
        ls2 = config.layerScale ? layout.add("\(name).ls2.gamma", [width]) : nil
    }

    func load(into weights: inout Weights, from stateDict: StateDict) throws(WeightError) {
        for norm in [norm1, norm2, attnNorm, mlp.norm].compactMap({ $0 }) {
            try norm.load(into: &weights, from: stateDict)
        }
        try qkNorm?.load(into: &weights, from: stateDict)
        try weights.load(qkv, from: stateDict)
        try weights.load(proj, scale: ls1, from: stateDict)
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
    ///   - rotation: of queries and keys, or nil.
    ///   - visit: called with what is wanted, in the order it comes to be.
    func forward(
        _ x: inout Tensor, index: Int, bias: Tensor?, rotation: RotaryTables?, wanted: Wanted, _ pass: ForwardPass,
        visit: (Intermediate) throws -> Void
    ) rethrows {
        let heads = wanted.attention.map { $0.heads ?? Array(0..<numHeads) }
        // What nobody but a product reads is never written in f32 where products are in bf16.
        let roundsOutput = pass.weights.precision == .bf16 && !wanted.headOutput && attnNorm == nil
        let attention = AttentionForward(
            qkv: project(x, rotation: rotation, pass), numHeads: numHeads, bias: bias,
            wanted: .init(
                heads: heads, queries: wanted.attention?.queries, output: wanted.headOutput || wanted.goesOn,
                roundsOutput: roundsOutput),
            pool: pass.pool)
        if let maps = attention.maps { try visit(.attention(block: index, maps)) }
        if wanted.headOutput, let output = attention.output {
            try visit(.headOutput(block: index, output.splittingHeads(numHeads)))
        }
        guard wanted.goesOn else { return }
        if wanted.addsAttention {
            guard
                let heads = attention.roundedOutput.map(ProductInput.rounded)
                    ?? attention.output.map({ .exact(attnNorm?.forward($0, pass) ?? $0) })
            else { preconditionFailure("attention kept no output") }
            if postNorm {
                x.add(norm1.forward(proj.forward(heads, pass), pass))
            } else {
                proj.accumulate(heads, into: &x, pass)
            }
        }
        if wanted.attentionResidual { try visit(.attentionResidual(index, x)) }
        guard wanted.needsMLP, wanted.addsMLP else { return }
        if postNorm {
            x.add(norm2.forward(mlp.forward(x, pass), pass))
        } else {
            mlp.accumulate(norm2.input(x, pass), into: &x, pass)
        }
    }

    /// Queries, keys and values of the stream `x`, normed and turned, as attention multiplies them.
    private func project(_ x: Tensor, rotation: RotaryTables?, _ pass: ForwardPass) -> ProductInput {
        let normed: ProductInput = postNorm ? .exact(x) : norm1.input(x, pass)
        let isRounded = pass.weights.precision == .bf16
        if isRounded, qkNorm == nil, rotation == nil { return .rounded(qkv.rounded(normed, pass)) }
        var projected = qkv.forward(normed, pass)
        qkNorm?.apply(to: &projected, pass)
        rotation?.apply(to: &projected, numHeads: numHeads, pool: pass.pool)
        return isRounded ? .rounded(RoundedTensor(projected, pool: pass.pool)) : .exact(projected)
    }
}

extension Tensor {
    /// (batch, tokens, heads·headDim) → (batch, heads, tokens, headDim).
    fileprivate func splittingHeads(_ heads: Int) -> Tensor {
        let (batch, tokens, headDim) = (shape[0], shape[1], shape[2] / heads)
        return permuted([0, 2, 1, 3], of: [batch, tokens, heads, headDim])
    }
}
