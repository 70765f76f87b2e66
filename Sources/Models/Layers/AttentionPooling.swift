import Foundation
import Platform
import Tensors

/// The pooling of `AttentionPool`, under timm's names: y = proj(softmax(q·kᵀ/√d)·v) with q of a learned query and k and v of
/// the tokens, then y + mlp(norm y).
struct AttentionPooling: Sendable {
    /// What it gathers of each image.
    struct Pooled: Sendable {
        /// (batch, numHeads, 1, tokens), after the softmax.
        let attention: Tensor
        /// (batch, embedDim).
        let features: Tensor
    }

    private let latent: Parameter
    private let q: Linear
    private let kv: Linear
    private let proj: Linear
    private let norm: LayerNorm
    private let mlp: MLP
    private let numHeads: Int
    private let width: Int

    init?(_ name: String, config: VisionTransformerConfig, in layout: inout ParameterLayout) {
        guard let pool = config.attnPool else { return nil }
        (numHeads, width) = (pool.numHeads, config.embedDim)
        latent = layout.add("\(name).latent", [1, 1, width])
        q = Linear("\(name).q", inFeatures: width, outFeatures: width, in: &layout)
        kv = Linear("\(name).kv", inFeatures: width, outFeatures: 2 * width, in: &layout)
        proj = Linear("\(name).proj", inFeatures: width, outFeatures: width, in: &layout)
        norm = LayerNorm("\(name).norm", width: width, config, in: &layout)
        var own = config
        own.mlpHidden = pool.mlpHidden
        // A pooling has no gate, nor a norm inside.
        own.mlp = config.mlp.isGated ? .gelu : config.mlp
        (own.mlpBias, own.mlpNorm) = (true, false)
        mlp = MLP("\(name).mlp", config: own, in: &layout)
    }

    func load(into weights: inout Weights, from stateDict: StateDict) throws(WeightError) {
        try weights.load(latent, from: stateDict)
        for layer in [q, kv, proj, mlp.fc1, mlp.fc2] { try weights.load(layer, from: stateDict) }
        try norm.load(into: &weights, from: stateDict)
    }

    /// - Parameter x: (batch, tokens, embedDim), normed.
    func forward(_ x: Tensor, _ pass: ForwardPass) -> Pooled {
        let (batch, tokens) = (x.shape[0], x.shape[1])
        let query = q.forward(pass.weights.tensor(latent), pass).array
        let pairs = kv.forward(x, pass)
        var maps: [Float] = [], sums: [Float] = []
        maps.reserveCapacity(batch * numHeads * tokens)
        for image in 0..<batch { look(query, at: pairs.part(image).array, tokens: tokens, &maps, &sums) }
        // A row an image, so that an image's numbers do not depend on the others.
        let gathered = proj.forward(Tensor(shape: [batch, 1, width], sums), pass)
        var features = gathered
        mlp.accumulate(norm.input(gathered, pass), into: &features, pass)
        return Pooled(
            attention: Tensor(shape: [batch, numHeads, 1, tokens], maps), features: features.reshaped([batch, width]))
    }

    /// One image, whose keys and values are the two halves of each row of `pairs` (tokens, 2·width).
    private func look(
        _ query: [Float], at pairs: [Float], tokens: Int, _ maps: inout [Float], _ sums: inout [Float]
    ) {
        let headDim = width / numHeads, scale = 1 / Float(headDim).squareRoot()
        for head in 0..<numHeads {
            let first = head * headDim
            var row = (0..<tokens).map { token in
                let start = token * 2 * width + first
                return (0..<headDim).reduce(Float(0)) { $0 + query[first + $1] * pairs[start + $1] } * scale
            }
            // One that is not finite makes the whole row so, as in the blocks.
            let largest = row.reduce(-Float.infinity) { $1.isNaN ? .nan : max($0, $1) }
            row = row.map { exp($0 - largest) }
            let total = row.reduce(0, +)
            row = row.map { $0 / total }
            var sum = [Float](repeating: 0, count: headDim)
            for token in 0..<tokens {
                let start = token * 2 * width + width + first
                for place in 0..<headDim { sum[place] += row[token] * pairs[start + place] }
            }
            maps += row
            sums += sum
        }
    }
}
