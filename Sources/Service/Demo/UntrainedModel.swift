import Checkpoints
import Models
import Platform
import Tensors

/// The baseline of the demo: the same small ViT as the trained models, before it has learned anything.
///
/// Its attention is sharpened a little, or every map would be one even grey.
enum UntrainedModel {
    static let name = "untrained"

    /// 48×48 pixels, patches of 6, 64 patch tokens.
    private static var config: VisionTransformerConfig {
        VisionTransformerConfig(
            imgSize: ImageSize(height: 48, width: 48), patchSize: 6, embedDim: 96, depth: 6, numHeads: 3,
            mlpHidden: 384)
    }

    /// How much larger the fused projections' weights are than an initialization would make them.
    private static let sharpness: Float = 2

    /// Writes the checkpoint as `path`; the same bytes every time.
    static func write(to path: String) throws(CheckpointError) {
        var stateDict = VisionTransformer.randomStateDict(config, seed: 0)
        for name in stateDict.names where name.hasSuffix("attn.qkv.weight") {
            if let entry = stateDict[name] { stateDict[name] = .init(entry.tensor().map { $0 * sharpness }) }
        }
        try SafeTensors.write(
            stateDict,
            metadata: [
                "description": "random weights, seed 0: nothing was trained", "num_heads": "\(config.numHeads)",
            ], to: path)
    }
}

extension ViTScopeService {
    /// Adds what `serve --demo` shows: a model and a probe set on built-in images. Harmless when repeated.
    public func addDemo() async throws(ServiceError) {
        let folder = configuration.dataDirectory + "/demo"
        let path = folder + "/\(UntrainedModel.name).safetensors"
        do {
            try Folder.create(folder)
            if !Folder.exists(path) { try UntrainedModel.write(to: path) }
        } catch let error as FileError {
            throw error.isDiskFull ? .diskFull : .internalFault("\(error)")
        } catch {
            throw .internalFault("the demo model could not be written: \(error)")
        }
        try await registerBuiltIn(name: UntrainedModel.name, fileAt: path)
        _ = try await createProbeSet(
            ProbeSetRequest(name: "demo", dataset: "shapes-textures", numImages: 50, seed: 0, stratified: true))
    }
}
