public import Platform
public import Tensors

/// Which attention speaks for a score: the gradients at all maps.
extension TrainableViT {
    /// One number of each image.
    public enum Score: Sendable {
        /// The logit of a class, or of the one with the largest logit.
        case logit(Int?)
        /// Half the squared length of the pooled tokens of the last block, before the final norm, which would make all
        /// lengths alike.
        case featureNorm
    }

    /// Maps after softmax and gradients of a score at them, (batch, numHeads, tokens, tokens) of each block.
    public struct AttentionGradients: Sendable {
        public let attentions: [Tensor]
        public let gradients: [Tensor]
        /// The score of each image; NaN where no logit is the largest.
        public let scores: [Double]
        /// The class of each image's logit, nil where the logits are not finite and so none is the largest; none
        /// for other scores.
        public let classes: [Int?]
    }

    /// Why a network has no gradients here; nil if it has.
    public static func lacksGradients(_ config: VisionTransformerConfig) -> String? {
        if config.patchEmbed != .linear { return "its patches go through a convolutional stem" }
        if config.relPos != .none, config.numPrefixTokens != 1 {
            return "it has relative positions and \(config.numPrefixTokens) prefix tokens"
        }
        if config.postNorm { return "its blocks norm what attention and MLP add" }
        return nil
    }

    /// Reads every weight from `stateDict`, under timm's names.
    ///
    /// - Throws: `WeightError` for the first tensor that is missing or has another shape.
    public func weights(of stateDict: StateDict, in layout: ParameterLayout) throws(WeightError) -> ParameterBuffer {
        var weights = ParameterBuffer(layout)
        let stateDict = try network.patchEmbed.flattened(stateDict)
        for parameter in parameters { weights.set(parameter, to: try Weights.read(parameter, from: stateDict)) }
        return weights
    }

    /// Runs `images` (batch, inChans, height, width), normalized, forward, and `score` back to the maps.
    ///
    /// - Parameters:
    ///   - layout: of `weights`.
    ///   - check: throws between the way forward and the way back.
    public func attentionGradients(
        _ images: Tensor, of score: Score, weights: ParameterBuffer, layout: ParameterLayout, pool: ThreadPool,
        check: () throws -> Void = {}
    ) rethrows -> AttentionGradients {
        let activations = forward(images, weights: weights, pool: pool)
        try check()
        var gradients = ParameterBuffer(layout)
        let (scores, classes, dStream) = start(
            score, activations, weights: weights, gradients: &gradients, pool: pool)
        var found: [Tensor] = []
        backward(
            activations, dStream: dStream, TrainingPass(weights: weights, pool: pool), gradients: &gradients
        ) { block, dHeads in
            found.append(
                AttentionBackward.atMaps(
                    dOutput: dHeads, qkv: activations.blocks[block].qkv, numHeads: config.numHeads, pool: pool))
        }
        return AttentionGradients(
            attentions: activations.blocks.map(\.attention), gradients: found.reversed(), scores: scores,
            classes: classes)
    }

    /// The score, its class, and its gradient at the stream after the last block.
    private func start(
        _ score: Score, _ activations: Activations, weights: ParameterBuffer, gradients: inout ParameterBuffer,
        pool: ThreadPool
    ) -> (scores: [Double], classes: [Int?], dStream: Tensor) {
        let stream = activations.stream, (batch, tokens) = (stream.shape[0], stream.shape[1])
        switch score {
        case .logit(let chosen):
            let classified = classify(activations.output, weights: weights, pool: pool)
            let logits = classified.logits, classes = logits.shape[1]
            let largest = chosen.map { [Int?](repeating: $0, count: batch) } ?? logits.largestColumns
            var dLogits = [Float](repeating: 0, count: batch * classes)
            for (image, place) in largest.enumerated() {
                if let place {
                    dLogits[image * classes + place] = 1
                } else {
                    // Without a logit there is no gradient.
                    for column in 0..<classes { dLogits[image * classes + column] = .nan }
                }
            }
            let dOutput = classifyBackward(
                classified, dLogits: Tensor(shape: [batch, classes], dLogits), tokens: tokens, weights: weights,
                gradients: &gradients, pool: pool)
            var dStream = dOutput
            if let norm = network.norm, let forward = activations.norm {
                dStream = norm.backward(
                    stream, forward, dOutput: dOutput, TrainingPass(weights: weights, pool: pool),
                    gradients: &gradients)
            }
            let numbers = logits.array
            let scores = largest.enumerated().map { image, place in
                place.map { Double(numbers[image * classes + $0]) } ?? .nan
            }
            return (scores, largest, dStream)
        case .featureNorm:
            let first = config.numPrefixTokens, takesToken = config.globalPool == .token && first > 0
            let pooled = takesToken ? stream.token(0) : stream.meanTokens(from: first)
            var dStream = Tensor.zeros(stream.shape)
            if takesToken {
                dStream.addTokens(pooled.reshaped([batch, 1, config.embedDim]), from: 0)
            } else {
                dStream.addToTokens(pooled, from: first, divisor: Float(tokens - first))
            }
            let lengths = (0..<batch).map { image in
                pooled.part(image).array.reduce(0) { $0 + Double($1) * Double($1) } / 2
            }
            return (lengths, [], dStream)
        }
    }
}
