import Catalogue
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
        let (_, recognised) = try named.reopened(for: "Gradients need")
        var layout = ParameterLayout()
        network = TrainableViT(named.model.config, in: &layout)
        do { weights = try network.weights(of: recognised.stateDict, in: layout) } catch {
            throw .unreadable(ServiceError.sentence("\(error)"))
        }
        self.layout = layout
    }
}

extension NamedModel {
    /// The checkpoint once more, and the network in it.
    ///
    /// - Parameter purpose: begins the sentence that says why it is wanted.
    /// - Throws: `conflict` where the file has gone or changed since the model was loaded.
    func reopened(for purpose: String) throws(ServiceError) -> (Checkpoint, RecognisedModel) {
        let origin = model.origin, again = "Load “\(name)” again."
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint.open(origin.place.name, beneath: origin.place.directory)
        } catch {
            throw .conflict("\(purpose) the checkpoint once more. \(ServiceError.sentence("\(error)")) \(again)")
        }
        guard checkpoint.digest() == model.sha256 else {
            throw .conflict("\(purpose) the checkpoint once more, and its file has changed. \(again)")
        }
        do {
            return (checkpoint, try ModelLoader.recognise(checkpoint, origin.options, fileName: origin.place.name))
        } catch {
            throw .unreadable(error.sentence)
        }
    }
}
