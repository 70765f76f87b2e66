import Tensors

/// The layers of a Vision Transformer, in the order of the pass.
package struct Network: Sendable {
    let tokens: TokenParameters
    let patchEmbed: PatchEmbedding
    let normPre: LayerNorm?
    let blocks: [Block]
    let norm: LayerNorm?
    let fcNorm: LayerNorm?
    let attnPool: AttentionPooling?
    let head: Linear?
    /// None, one for all blocks, or one a block: ((2·rows−1)·(2·cols−1) + 3, numHeads) each.
    let relPosTables: [Parameter]
    let rotary: RotaryParameters?

    /// - Parameter layout: gets the places of every layer, in the order of the pass.
    init(_ config: VisionTransformerConfig, in layout: inout ParameterLayout) {
        let width = config.embedDim
        tokens = TokenParameters(config, in: &layout)
        patchEmbed = PatchEmbedding(config, in: &layout)
        normPre = config.normPre ? LayerNorm("norm_pre", width: width, config, in: &layout) : nil
        let shared =
            config.relPos == .shared
            ? layout.add(
                "rel_pos_bias.relative_position_bias_table",
                [RelativePositionBias.entries(config.grid), config.numHeads]) : nil
        rotary = RotaryParameters(config, in: &layout)
        blocks = (0..<config.depth).map { Block("blocks.\($0)", config: config, in: &layout) }
        relPosTables = shared.map { [$0] } ?? blocks.compactMap(\.relPosTable)
        norm = config.finalNorm ? LayerNorm("norm", width: width, config, in: &layout) : nil
        fcNorm = config.fcNorm ? LayerNorm("fc_norm", width: width, config, in: &layout) : nil
        attnPool = AttentionPooling("attn_pool", config: config, in: &layout)
        head =
            config.numClasses > 0
            ? Linear(
                "head", inFeatures: config.globalPool == .tokenAndAvg ? 2 * width : width,
                outFeatures: config.numClasses, in: &layout) : nil
    }

    func load(into weights: inout Weights, from stateDict: StateDict) throws(WeightError) {
        try patchEmbed.load(into: &weights, from: stateDict)
        for layer in [normPre, norm, fcNorm].compactMap({ $0 }) { try layer.load(into: &weights, from: stateDict) }
        for block in blocks { try block.load(into: &weights, from: stateDict) }
        try attnPool?.load(into: &weights, from: stateDict)
        if let head { try weights.load(head, from: stateDict) }
    }

    /// What is made of the last block's output (batch, tokens, embedDim): what a pooling by attention gathers, and the
    /// classifier's answer, each nil without one.
    func answer(
        _ x: Tensor, config: VisionTransformerConfig, _ pass: ForwardPass
    ) -> (pooled: AttentionPooling.Pooled?, logits: Tensor?) {
        guard head != nil || attnPool != nil else { return (nil, nil) }
        let normed = norm?.forward(x, pass) ?? x
        let gathered = attnPool?.forward(normed, pass)
        return (gathered, classify(gathered?.features ?? pool(normed, config: config), config: config, pass))
    }

    private func classify(_ features: Tensor, config: VisionTransformerConfig, _ pass: ForwardPass) -> Tensor? {
        guard let head else { return nil }
        var pooled = features
        if let fcNorm { pooled = fcNorm.forward(pooled, pass) }
        // A row an image, so that an image's logits do not depend on the others.
        let (images, features) = (pooled.shape[0], pooled.shape[1])
        return head.forward(pooled.reshaped([images, 1, features]), pass).reshaped([images, config.numClasses])
    }
}

extension Network {
    /// What the classifier reads of the normed tokens (batch, tokens, embedDim): (batch, features).
    func pool(_ normed: Tensor, config: VisionTransformerConfig) -> Tensor {
        let first = config.numPrefixTokens
        switch config.globalPool {
        case .token: return normed.token(0)
        case .avg: return normed.meanTokens(from: first)
        case .map: preconditionFailure("a pooling by attention has weights of its own")
        case .tokenAndAvg:
            let batch = normed.shape[0], width = config.embedDim
            return Tensor.stacking([normed.token(0), normed.meanTokens(from: first)])
                .permuted([1, 0, 2], of: [2, batch, width]).reshaped([batch, 2 * width])
        }
    }
}

/// The tokens before the patches and the positions of all: where they are in the layout.
struct TokenParameters: Sendable {
    let special: [Parameter]
    let registers: Parameter?
    let posEmbed: Parameter?

    init(_ config: VisionTransformerConfig, in layout: inout ParameterLayout) {
        let width = config.embedDim
        special = [(config.classToken, "cls_token"), (config.distToken, "dist_token")].compactMap { isThere, name in
            isThere ? layout.add(name, [1, 1, width]) : nil
        }
        registers = config.numRegisters > 0 ? layout.add("reg_token", [1, config.numRegisters, width]) : nil
        let rows =
            switch config.posEmbed {
            case .none: 0
            case .all: config.numSpecialTokens + config.grid.count
            case .patches: config.grid.count
            }
        posEmbed = rows > 0 ? layout.add("pos_embed", [1, rows, width]) : nil
    }

    /// The prefix tokens with their positions (prefix, embedDim), and the patches' positions (patches, embedDim).
    ///
    /// Class and distillation tokens carry a position, registers never do (Darcet et al. 2024).
    func read<E: Error>(
        config: VisionTransformerConfig, numbers: (Parameter) throws(E) -> Tensor
    ) throws(E) -> (prefix: Tensor, positions: Tensor?) {
        let width = config.embedDim
        var rows: [Float] = []
        for token in special { rows += try numbers(token).array }
        var positions: Tensor?
        if let posEmbed {
            let table = try numbers(posEmbed).reshaped([posEmbed.shape[1], width])
            let own = ownPositions(config)
            for index in 0..<own * width { rows[index] += table[flat: index] }
            positions = table.rows(own..<posEmbed.shape[1])
        }
        if let registers { rows += try numbers(registers).array }
        return (Tensor(shape: [config.numPrefixTokens, width], rows), positions)
    }

    /// How many prefix tokens have a row in the table of positions.
    func ownPositions(_ config: VisionTransformerConfig) -> Int {
        config.posEmbed == .all ? config.numSpecialTokens : 0
    }
}
