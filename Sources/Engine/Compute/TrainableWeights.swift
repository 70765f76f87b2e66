import Catalogue
import Models
import Tensors
import Training

/// A model's weights as something that can be derived: read again from its checkpoint, because a network holds them packed
/// for the way forward.
struct TrainableWeights: Sendable {
    let network: TrainableViT
    let layout: ParameterLayout
    let weights: ParameterBuffer

    /// - Throws: `conflict` where the file has changed since the model was loaded.
    init(_ named: NamedModel, _ loaded: LoadedNetwork) throws(ServiceError) {
        let read = try loaded.unchanged(named, for: "Gradients need")
        var layout = ParameterLayout()
        network = TrainableViT(named.model.config, in: &layout)
        do { weights = try network.weights(of: read.tensors, in: layout) } catch {
            throw .unreadable(ServiceError.sentence("\(error)"))
        }
        self.layout = layout
    }
}

extension LoadedNetwork {
    /// The numbers as they lie in the file.
    ///
    /// - Parameter purpose: begins the sentence that says why they are wanted.
    /// - Throws: `conflict` where the file has changed since the model was loaded.
    func unchanged(_ named: NamedModel, for purpose: String) throws(ServiceError) -> ReadModel {
        guard read.isUnchanged() else {
            throw .conflict(
                "\(purpose) the checkpoint once more, and its file has changed. Load “\(named.name)” again.")
        }
        return read
    }
}
