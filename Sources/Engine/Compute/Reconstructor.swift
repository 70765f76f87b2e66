import Catalogue
import Models
import Platform
import Tensors
import Training

/// The network that fills in masked patches, read again from the checkpoint of a loaded model.
enum Reconstructor: Sendable {
    case mae(DecoderWeights)
    case simMIM(SimMIM, ParameterBuffer)

    /// - Parameter heads: of the decoder's attention; nil for those that the checkpoint names.
    /// - Throws: `conflict` where the checkpoint has no decoder that fits, or has changed since it was loaded.
    init(_ named: NamedModel, _ loaded: LoadedNetwork, heads: Int?) throws(ServiceError) {
        guard named.model.decoder?.form == .simMIM else {
            self = .mae(try DecoderWeights(named, loaded, heads: heads))
            return
        }
        let read = try loaded.unchanged(named, for: "The decoder needs")
        guard let dict = read.decoder, let (_, prefix) = PixelDecoder.find(in: dict.names) else {
            throw .conflict("“\(named.name)” has no decoder any more. Load it again.")
        }
        let objective = SimMIM(vit: ViTRecipe(named.model.config))
        var weights: ParameterBuffer
        do { weights = try objective.encoder.weights(of: read.tensors, in: objective.layout) } catch {
            throw .unreadable(ServiceError.sentence("\(error)"))
        }
        for parameter in objective.decoderParameters {
            // The mask token belongs to the encoder, whose names may have another prefix.
            let name =
                parameter.name == PixelDecoder.maskToken
                ? dict.names.first(where: PixelDecoder.isMaskToken) ?? parameter.name : prefix + parameter.name
            guard let entry = dict[name], entry.count == parameter.count else {
                throw .conflict(
                    "The decoder in the checkpoint of “\(named.name)” does not fit its encoder: \(name) has the shape "
                        + "\(dict[name].map { "\($0.shape)" } ?? "of nothing"), where \(parameter.shape) is expected, "
                        + "one layer that predicts the pixels of each patch.")
            }
            weights.set(parameter, to: Tensor(shape: parameter.shape, entry.tensor().array))
        }
        self = .simMIM(objective, weights)
    }

    /// What is said of every patch of an image, (patches, patchSize²·inChans), ordered (row, column, channel), as the
    /// objective compares it with the image's own.
    ///
    /// - Parameter image: (1, inChans, height, width), normalized.
    func prediction(_ image: Tensor, _ isMasked: [Bool], pool: ThreadPool) -> Tensor {
        switch self {
        case .mae(let decoder):
            let kept = isMasked.indices.filter { !isMasked[$0] }
            return decoder.objective.prediction(image, kept: [kept], weights: decoder.weights, pool: pool).part(0)
        case .simMIM(let objective, let weights):
            let mask = Tensor(shape: [1, isMasked.count], isMasked.map { $0 ? 1 : 0 })
            let config = objective.encoder.config
            return objective.prediction(image, mask: mask, weights: weights, pool: pool)
                .patchesChannelsLast(channels: config.inChans, patchSize: config.patchSize).part(0)
        }
    }
}
