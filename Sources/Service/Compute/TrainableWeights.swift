import Checkpoints
import Models
import Tensors

/// A model's weights as something that can be derived: read again from its checkpoint, because a loaded model holds
/// them packed for the way forward.
struct TrainableWeights: Sendable {
    let network: TrainableViT
    let layout: ParameterLayout
    let weights: ParameterBuffer

    /// - Throws: `conflict` where the file has gone or changed since the model was loaded.
    init(_ named: NamedModel) throws(ServiceError) {
        let origin = named.model.origin
        let again = "Load “\(named.name)” again."
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint.open(origin.place.name, beneath: origin.place.directory)
        } catch {
            throw .conflict("Gradients need the checkpoint once more. \(ServiceError.sentence("\(error)")) \(again)")
        }
        guard checkpoint.digest() == named.model.sha256 else {
            throw .conflict("Gradients need the checkpoint once more, and its file has changed. \(again)")
        }
        let recognised: RecognisedModel
        do {
            recognised = try ModelLoader.recognise(checkpoint, origin.options, fileName: origin.place.name)
        } catch {
            throw .unreadable(error.sentence)
        }
        var layout = ParameterLayout()
        network = TrainableViT(named.model.config, in: &layout)
        do { weights = try network.weights(of: recognised.stateDict, in: layout) } catch {
            throw .unreadable(ServiceError.sentence("\(error)"))
        }
        self.layout = layout
    }
}
