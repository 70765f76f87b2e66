package import Catalogue
package import Models
import Platform
import Synchronization
import Tensors

/// A network in memory, with the numbers that it was made of.
package struct LoadedNetwork: Sendable {
    package let transformer: VisionTransformer
    let read: ReadModel

    /// With the memory that is held for it.
    package var model: LoadedModel {
        var model = read.model
        model.memoryBytes = transformer.memoryBytes
        return model
    }
}

/// The networks that questions are asked of, by the fingerprint of their models. A class because they are held once.
package final class Networks: Sendable {
    private let held = Mutex<[String: LoadedNetwork]>([:])

    package init() {}

    /// Builds the network and holds it.
    ///
    /// - Returns: the model with the memory that is held for it.
    /// - Throws: `LoadFailure` where a tensor is missing or has another shape.
    package func hold(_ read: ReadModel) throws(LoadFailure) -> LoadedModel {
        if let known = self[read.model.fingerprint] { return known.model }
        if let failure = LoadFailure(lacking: read.model.precision) { throw failure }
        let transformer: VisionTransformer
        do {
            transformer = try VisionTransformer(
                config: read.model.config, stateDict: read.tensors, precision: read.model.precision)
        } catch {
            throw LoadFailure(sentence: ServiceError.sentence("\(error)"), report: read.model.report)
        }
        // What was copied out of the file need not stay in memory with it.
        for name in read.tensors.names { read.tensors[name]?.bytes.forget() }
        let network = LoadedNetwork(transformer: transformer, read: read)
        held.withLock { $0[read.model.fingerprint] = network }
        return network.model
    }

    /// Lets go of the network of a model.
    package func release(_ fingerprint: String) { held.withLock { $0[fingerprint] = nil } }

    /// The network of the model with this fingerprint; nil where it is not held.
    package subscript(fingerprint: String) -> LoadedNetwork? { held.withLock { $0[fingerprint] } }
}
