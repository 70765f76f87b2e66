package import Catalogue
import Checkpoints
import JSON
import Models
import Platform
import Tensors
import Training

/// The demo's own checkpoints and the jobs that made them: three ways to learn, one network, the same images.
public struct DemoFolder: Sendable {
    /// The trained models, in the order in which people see them.
    package static let names = ["moco_v3", "simmim", "hybrid"]
    /// The baseline before any of them has learned anything.
    package static let baseline = "untrained"

    /// The folder, such as deploy/demo of a checkout.
    public let path: String

    public init(_ path: String) { self.path = path }

    /// Whether the jobs are there.
    public var isThere: Bool { Self.names.allSatisfy { Folder.exists(job($0)) } }

    /// The job that trains `name`.
    func job(_ name: String) -> String { "\(path)/jobs/\(name).json" }

    /// The committed checkpoint of `name`.
    package func checkpoint(_ name: String) -> String { "\(path)/\(name).safetensors" }

    /// Writes the network of the jobs as it is before the first step.
    package func writeBaseline(to target: String) throws(ServiceError) {
        do {
            let configuration = try TrainingConfiguration(try JSONValue.parse(try MappedFile.open(job("simmim"))))
            guard let vit = configuration.vit else { throw ServiceError.unreadable("\(job("simmim")) has no arch.") }
            let objective = try configuration.makeObjective(configuration.encoder(vit, classes: 0))
            let weights = objective.initialState(seed: configuration.seed).weights
            var stateDict = StateDict()
            for parameter in objective.encoder.parameters {
                let tensor = weights.tensor(parameter)
                let side = vit.config.patchSize
                stateDict[parameter.name] = .init(
                    parameter.name == "patch_embed.proj.weight"
                        ? tensor.reshaped([vit.config.embedDim, vit.config.inChans, side, side]) : tensor)
            }
            try SafeTensors.write(
                stateDict,
                metadata: [
                    "description": "first weights, seed \(configuration.seed): nothing was trained",
                    "num_heads": "\(vit.config.numHeads)", "eps": "\(vit.config.eps)",
                    "activation": vit.config.mlp.activation.rawValue,
                ], to: target)
        } catch let error as ServiceError {
            throw error
        } catch let error as FileError {
            throw error.isDiskFull ? .diskFull : .internalFault("\(error)")
        } catch {
            throw .internalFault("the untrained demo model could not be written: \(error)")
        }
    }
}
