package import Images
package import Tensors

/// What is kept so that looking again does not run the model again.
package enum Activation: Sendable {
    /// Pixels as the model sees them.
    case view(Image)
    /// Maps of a block: (heads, tokens, tokens).
    case attention(Tensor)
    case metrics(HeadMetrics)
    /// A spectrum, or the features of an image.
    case numbers([Double])

    /// Memory held, bytes.
    var byteCount: Int {
        switch self {
        case .view(let image): image.pixels.count
        case .attention(let tensor): tensor.byteCount
        case .metrics(let metrics): metrics.distance.count * 24 + 128
        case .numbers(let numbers): numbers.count * 8 + 64
        }
    }
}

/// The three numbers that sum up the maps of a block, one of each a head.
package struct HeadMetrics: Sendable {
    /// Pixels.
    let distance: [Double]
    let nmi: [Double]
    /// Nats.
    let entropy: [Double]
}

/// Names an activation. Models are named by their fingerprint, images by their key.
package enum ActivationKey: Sendable, Hashable {
    case view(image: String, transform: EvaluationTransform)
    case attention(model: String, image: String, block: Int)
    case metrics(model: String, image: String, block: Int, reference: Bool)
    /// Taps: 0 after embedding, 2i + 1 after the attention of block i, 2i + 2 after its MLP.
    case spectrum(model: String, image: String, tap: Int)
    case features(model: String, image: String, hiddenState: Int, tokens: String)

    /// The fingerprint of the model, if there is one.
    var model: String? {
        switch self {
        case .view: nil
        case .attention(let model, _, _), .metrics(let model, _, _, _), .spectrum(let model, _, _),
            .features(let model, _, _, _):
            model
        }
    }
}

package typealias ActivationCache = ByteBudgetCache<ActivationKey, Activation>

extension ByteBudgetCache<ActivationKey, Activation> {
    /// Keeps `activation`.
    func keep(_ activation: Activation, for key: ActivationKey) {
        insert(activation, bytes: activation.byteCount, for: key)
    }

    /// Kept maps: (heads, tokens, tokens).
    func attention(_ key: ActivationKey) -> Tensor? {
        if case .attention(let tensor)? = value(for: key) { return tensor }
        return nil
    }

    /// A kept list of numbers.
    func numbers(_ key: ActivationKey) -> [Double]? {
        if case .numbers(let numbers)? = value(for: key) { return numbers }
        return nil
    }

    /// Kept metrics.
    func metrics(_ key: ActivationKey) -> HeadMetrics? {
        if case .metrics(let metrics)? = value(for: key) { return metrics }
        return nil
    }
}
