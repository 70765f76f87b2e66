public import Platform
public import Tensors

/// The classifier on top of an encoder: pooled tokens, `fc_norm`, `head`.
extension TrainableViT {
    /// What the classifier keeps for its way back.
    public struct Classified: Sendable {
        let pooled: Tensor
        let fcNorm: LayerNormForward?
        /// (batch, classes).
        public let logits: Tensor
    }

    /// The classifier's answer to the encoder's output (batch, tokens, embedDim).
    public func classify(_ output: Tensor, weights: ParameterBuffer, pool: ThreadPool) -> Classified {
        guard let head = network.head else { preconditionFailure("the network has no classifier") }
        let pass = TrainingPass(weights: weights, pool: pool)
        let pooled = network.pool(output, config: config)
        let fcNorm = network.fcNorm?.forward(pooled, pass)
        return Classified(pooled: pooled, fcNorm: fcNorm, logits: head.forward(fcNorm?.output ?? pooled, pass))
    }

    /// The gradient at the encoder's output (batch, tokens, embedDim).
    public func classifyBackward(
        _ classified: Classified, dLogits: Tensor, tokens: Int, weights: ParameterBuffer,
        gradients: inout ParameterBuffer, pool: ThreadPool
    ) -> Tensor {
        guard let head = network.head else { preconditionFailure("the network has no classifier") }
        let pass = TrainingPass(weights: weights, pool: pool)
        var dPooled = head.backward(
            classified.fcNorm?.output ?? classified.pooled, dOutput: dLogits, pass, gradients: &gradients)
        if let fcNorm = network.fcNorm, let forward = classified.fcNorm {
            dPooled = fcNorm.backward(classified.pooled, forward, dOutput: dPooled, pass, gradients: &gradients)
        }
        let batch = dLogits.shape[0], width = config.embedDim, prefix = config.numPrefixTokens
        var dOutput = Tensor.zeros([batch, tokens, width])
        let patches = Float(tokens - prefix)
        switch config.globalPool {
        case .token: dOutput.addTokens(dPooled.reshaped([batch, 1, width]), from: 0)
        case .avg: dOutput.addToTokens(dPooled, from: prefix, divisor: patches)
        case .map: preconditionFailure("a pooling by attention has no gradients here")
        case .tokenAndAvg:
            let halves = dPooled.permuted([1, 0, 2], of: [batch, 2, width])
            dOutput.addTokens(halves.part(0).reshaped([batch, 1, width]), from: 0)
            dOutput.addToTokens(halves.part(1), from: prefix, divisor: patches)
        }
        return dOutput
    }
}
