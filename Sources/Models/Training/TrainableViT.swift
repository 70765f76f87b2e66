public import Platform
public import Tensors

/// The canonical Vision Transformer on the way forward and back: places in a layout, no numbers.
///
/// The same layers as `VisionTransformer`, whose forward pass is faster because its weights never change.
public struct TrainableViT: Sendable {
    /// What stays as it is while the rest learns.
    public struct Freezing: Sendable, Hashable {
        /// The patch projection (MoCo v3's `stop_grad_conv1`).
        public var patchEmbed: Bool
        /// The table of positions (fixed sin-cos).
        public var positions: Bool
        /// The keys' third of the bias of `attn.qkv`: SimMIM and BEiT have none, which is the same as zeros.
        public var keyBias: Bool

        public init(patchEmbed: Bool = false, positions: Bool = false, keyBias: Bool = false) {
            self.patchEmbed = patchEmbed
            self.positions = positions
            self.keyBias = keyBias
        }
    }

    public let config: VisionTransformerConfig
    public let freezing: Freezing
    /// Of the products on the way forward and back.
    public let precision: Precision
    /// The encoder's own parameters, in the order of the pass.
    public let parameters: [Parameter]
    package let network: Network
    private let scoreBias: ScoreBias
    private let dropPath: Double

    /// Adds the encoder's places to `layout`, under timm's names.
    ///
    /// - Parameters:
    ///   - config: with the linear patch embedding; MoCo v3's convolutional stem is not trained here.
    ///   - dropPath: the rate of stochastic depth in the last block.
    ///   - precision: one that this processor does not lack.
    public init(
        _ config: VisionTransformerConfig, freezing: Freezing = Freezing(), dropPath: Double = 0,
        precision: Precision = .f32, in layout: inout ParameterLayout
    ) {
        precondition(config.patchEmbed == .linear, "the convolutional stem is not trained")
        precondition(config.relPos == .none || config.numPrefixTokens == 1, "a relative bias has one class token")
        self.config = config
        self.freezing = freezing
        self.dropPath = dropPath
        self.precision = precision
        let before = layout.parameters.count
        network = Network(config, in: &layout)
        parameters = Array(layout.parameters[before...])
        scoreBias = ScoreBias(config, tables: network.relPosTables)
    }

    /// Names of the parameters that never change.
    public var frozen: Set<String> {
        var names: Set<String> = []
        if freezing.patchEmbed {
            names.formUnion(parameters.map(\.name).filter { $0.hasPrefix("patch_embed.") })
        }
        if freezing.positions, let posEmbed = network.tokens.posEmbed { names.insert(posEmbed.name) }
        if let numbers = network.rotary?.numbers { names.insert(numbers.name) }
        return names
    }

    /// The places of each block, one behind the other; none where gradients are added to a block's places after the way
    /// back has left it: at tables of relative positions of its own.
    package var blockPlaces: [Range<Int>] {
        guard config.relPos != .perBlock else { return [] }
        let ranges = (0..<config.depth).compactMap { index -> Range<Int>? in
            let own = parameters.filter { $0.name.hasPrefix("blocks.\(index).") }
            guard let first = own.first, let last = own.last else { return nil }
            return first.offset..<last.offset + last.count
        }
        // Places between them are gaps.
        return ranges.indices.map {
            ranges[$0].lowerBound..<($0 + 1 < ranges.count ? ranges[$0 + 1].lowerBound : ranges[$0].upperBound)
        }
    }

    /// How patch tokens are changed between embedding and blocks.
    public enum Masking: Sendable {
        case none
        /// SimMIM: masked patches become the mask token (batch, patches; 1 = masked) before positions are added.
        case token(Parameter, mask: Tensor)
        /// MAE: each image keeps these patches, in this order, with their positions.
        case keeping([[Int]])
    }

    /// Everything a forward pass computed.
    public struct Activations: Sendable {
        let masking: Masking
        /// The pixels of each patch, (batch, patches, inChans·patchSize²).
        public let patches: Tensor
        /// The norm of the projected patches, where there is one, and what it was given.
        let patchNorm: (input: Tensor, forward: LayerNormForward)?
        let embedded: Tensor
        let normPre: LayerNormForward?
        package var blocks: [BlockActivations]
        let dropPath: DropPath?
        /// The stream after the last block, (batch, tokens, embedDim).
        public let stream: Tensor
        let norm: LayerNormForward?
        /// The stream after the last block and `norm`, where there is one.
        public var output: Tensor { norm?.output ?? stream }
    }

    /// Runs `images` (batch, inChans, height, width), normalized, through the encoder.
    ///
    /// - Parameters:
    ///   - random: of stochastic depth in this pass; nil, as in evaluation, drops nothing.
    ///   - slots: the place of each image in the whole batch, which its luck follows; nil where `images` are all of it.
    ///   - keepsActivations: whether the way back will follow; otherwise only the output can be used.
    public func forward(
        _ images: Tensor, weights: ParameterBuffer, masking: Masking = .none, random: RandomStream? = nil,
        slots: [Int]? = nil, keepsActivations: Bool = true, pool: ThreadPool
    ) -> Activations {
        let dropPath = random.flatMap { DropPath(rate: self.dropPath, depth: config.depth, random: $0, slots: slots) }
        let pass = TrainingPass(weights: weights, dropPath: dropPath, precision: precision, pool: pool)
        let patches = network.patchEmbed.wholePatches(images).patches(patchSize: config.patchSize, pool: pool)
        let (embedded, patchNorm) = embed(patches, masking, pass)
        let normPre = network.normPre?.forward(embedded, pass)
        var x = normPre?.output ?? embedded
        let biases = scoreBias.forward(weights), rotations = rotations(weights)
        var blocks: [BlockActivations] = []
        for (index, block) in network.blocks.enumerated() {
            let activations = block.forward(
                x, index: index, bias: scoreBias.place(of: index).map { biases[$0] }, rotation: rotations(index), pass)
            x = activations.output
            if keepsActivations { blocks.append(activations) }
        }
        return Activations(
            masking: masking, patches: patches, patchNorm: patchNorm, embedded: embedded, normPre: normPre,
            blocks: blocks,
            dropPath: dropPath, stream: x, norm: network.norm?.forward(x, pass))
    }

    /// Shows the stream at every depth, (batch, tokens, embedDim): 0 after the embedding, i after block i − 1.
    public func forward(
        _ images: Tensor, weights: ParameterBuffer, pool: ThreadPool, visit: (_ depth: Int, _ stream: Tensor) -> Void
    ) {
        let pass = TrainingPass(weights: weights, precision: precision, pool: pool)
        var x = embed(
            network.patchEmbed.wholePatches(images).patches(patchSize: config.patchSize, pool: pool), .none, pass
        ).tokens
        if let normPre = network.normPre { x = normPre.forward(x, pass).output }
        let biases = scoreBias.forward(weights), rotations = rotations(weights)
        visit(0, x)
        for (index, block) in network.blocks.enumerated() {
            x =
                block.forward(
                    x, index: index, bias: scoreBias.place(of: index).map { biases[$0] }, rotation: rotations(index),
                    pass
                ).output
            visit(index + 1, x)
        }
    }

    /// `forward` read upwards: adds the gradients of every trained parameter.
    ///
    /// - Parameters:
    ///   - dOutput: the gradient at `Activations.output`, (batch, tokens, embedDim).
    ///   - sum: hears of each block that this pass, the last one, is done with; nil where more passes follow.
    public func backward(
        _ activations: Activations, dOutput: Tensor, weights: ParameterBuffer, gradients: inout ParameterBuffer,
        sum: GradientSum? = nil, pool: ThreadPool
    ) {
        let pass = TrainingPass(
            weights: weights, dropPath: activations.dropPath, precision: precision, pool: pool)
        var dStream = dOutput
        if let norm = network.norm, let forward = activations.norm {
            dStream = norm.backward(activations.stream, forward, dOutput: dOutput, pass, gradients: &gradients)
        }
        backward(activations, dStream: dStream, pass, gradients: &gradients, sum: sum)
    }

    /// The same from the stream before `norm`.
    ///
    /// - Parameters:
    ///   - dStream: the gradient at `Activations.stream`, (batch, tokens, embedDim).
    ///   - sum: as above.
    ///   - look: is shown the gradient at each block's heads side by side, (batch, tokens, embedDim), last block first.
    func backward(
        _ activations: Activations, dStream: Tensor, _ pass: TrainingPass, gradients: inout ParameterBuffer,
        sum: GradientSum? = nil, look: ((_ block: Int, _ dHeads: Tensor) -> Void)? = nil
    ) {
        var dStream = dStream
        let rotations = rotations(pass.weights)
        var dBiases = network.relPosTables.map { Tensor.zeros([$0.shape[1], config.numTokens, config.numTokens]) }
        for (index, block) in network.blocks.enumerated().reversed() {
            let place = scoreBias.place(of: index)
            var dBias = place.map { dBiases[$0] }
            if let place { dBiases[place] = Tensor(shape: [0], []) }
            block.backward(
                activations.blocks[index], dStream: &dStream, dBias: &dBias, rotation: rotations(index), pass,
                gradients: &gradients,
                look: look.map { look in { look(index, $0) } })
            if let place, let dBias { dBiases[place] = dBias }
            if freezing.keyBias, let bias = block.qkv.bias {
                gradients.zero(bias, range: config.embedDim..<2 * config.embedDim)
            }
            sum?.finished(block: index, of: gradients)
        }
        scoreBias.backward(dBiases, gradients: &gradients)
        if let normPre = network.normPre, let forward = activations.normPre {
            dStream = normPre.backward(activations.embedded, forward, dOutput: dStream, pass, gradients: &gradients)
        }
        embedBackward(activations, dStream, pass, gradients: &gradients)
    }
}

extension TrainableViT {
    /// The turning of queries and keys in each block, nil where there is none.
    private func rotations(_ weights: ParameterBuffer) -> (_ block: Int) -> RotaryTables? {
        let all = network.rotary?.rotations(config) { weights.tensor($0) } ?? []
        return { all.isEmpty ? nil : all[all.count == 1 ? 0 : $0] }
    }

    /// Patches to tokens, masked, with prefix tokens and positions: (batch, tokens, embedDim).
    private func embed(
        _ patches: Tensor, _ masking: Masking, _ pass: TrainingPass
    ) -> (tokens: Tensor, norm: (input: Tensor, forward: LayerNormForward)?) {
        let projected = network.patchEmbed.proj.forward(patches, pass)
        let norm = network.patchEmbed.norm.map { (input: projected, forward: $0.forward(projected, pass)) }
        return (place(norm?.forward.output ?? projected, masking, pass), norm)
    }

    private func place(_ projected: Tensor, _ masking: Masking, _ pass: TrainingPass) -> Tensor {
        var tokens = projected
        if case .token(let parameter, let mask) = masking {
            tokens.replaceMasked(mask, by: parameter, pass.weights)
        }
        let (prefix, positions) = network.tokens.read(config: config) { pass.weights.tensor($0) }
        let all = tokens.prependingTokens(prefix, positions: positions, pool: pass.pool)
        guard case .keeping(let kept) = masking else { return all }
        let batch = all.shape[0], width = config.embedDim
        return all.reshaped([batch * config.numTokens, width]).gatheringRows(rows(kept)).reshaped([
            batch, (kept.first?.count ?? 0) + config.numPrefixTokens, width,
        ])
    }

    /// Rows of (batch · tokens, width) of the prefix tokens and kept patches of each image.
    private func rows(_ kept: [[Int]]) -> [Int] {
        kept.enumerated().flatMap { image, patches in
            let first = image * config.numTokens
            return Array(first..<first + config.numPrefixTokens)
                + patches.map { first + config.numPrefixTokens + $0 }
        }
    }

    private func embedBackward(
        _ activations: Activations, _ dEmbedded: Tensor, _ pass: TrainingPass, gradients: inout ParameterBuffer
    ) {
        let batch = activations.patches.shape[0], width = config.embedDim, prefix = config.numPrefixTokens
        var dAll = dEmbedded
        if case .keeping(let kept) = activations.masking {
            dAll = .zeros([batch, config.numTokens, width])
            dAll.scatterAddRows(dEmbedded.reshaped([dEmbedded.count / width, width]), rows(kept))
        }
        addTokenGradients(dAll.sumOverBatch(), gradients: &gradients)
        var dTokens = dAll.tokens(from: prefix)
        if case .token(let parameter, let mask) = activations.masking {
            dTokens.replaceMaskedBackward(mask, by: parameter, gradients: &gradients)
        }
        guard !freezing.patchEmbed else { return }
        if let norm = network.patchEmbed.norm, let forward = activations.patchNorm {
            dTokens = norm.backward(forward.input, forward.forward, dOutput: dTokens, pass, gradients: &gradients)
        }
        _ = network.patchEmbed.proj.backward(
            activations.patches, dOutput: dTokens, pass, gradients: &gradients, needsInput: false)
    }

    /// Adds the gradients at prefix tokens and positions, given the sum over images at all tokens (tokens, embedDim).
    private func addTokenGradients(_ sum: Tensor, gradients: inout ParameterBuffer) {
        let tokens = network.tokens
        for (row, token) in tokens.special.enumerated() { gradients.add(sum.rows(row..<row + 1), to: token) }
        if let registers = tokens.registers {
            gradients.add(sum.rows(tokens.special.count..<config.numPrefixTokens), to: registers)
        }
        guard let posEmbed = tokens.posEmbed, !freezing.positions else { return }
        let own = tokens.ownPositions(config)
        let patches = sum.rows(config.numPrefixTokens..<config.numTokens)
        gradients.add(own == 0 ? patches : .concatenating([sum.rows(0..<own), patches]), to: posEmbed)
    }
}
