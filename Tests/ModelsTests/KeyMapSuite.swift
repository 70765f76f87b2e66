import Models
import Platform
import Tensors
import Testing

/// State dicts made of nothing but names and shapes, and their recognition.
protocol KeyMapSuite {}

extension KeyMapSuite {
    /// Width 24, two blocks, patches of 4, a grid of 4×4.
    var config: VisionTransformerConfig {
        VisionTransformerConfig(
            imgSize: ImageSize(height: 16, width: 16), patchSize: 4, embedDim: 24, depth: 2, numHeads: 3, mlpHidden: 48)
    }
    var threeHeads: ModelHints {
        var hints = ModelHints()
        hints.numHeads = 3
        return hints
    }

    /// The tensors of `config` under timm's names, all of the same bytes.
    func stateDict(_ config: VisionTransformerConfig, dtype: DType = .f32) -> StateDict {
        let parameters = VisionTransformer.parameters(of: config)
        let zeros = Bytes([UInt8](repeating: 0, count: (parameters.map(\.count).max() ?? 0) * dtype.size))
        var dict = StateDict()
        for parameter in parameters {
            var shape = parameter.shape
            if parameter.name == "patch_embed.proj.weight" {
                shape = [config.embedDim, 3, config.patchSize, config.patchSize]
            }
            dict[parameter.name] = StateDict.Entry(dtype: dtype, shape: shape, bytes: zeros)
        }
        return dict
    }

    func renamed(_ dict: StateDict, _ rename: (String) -> String) -> StateDict {
        var result = StateDict()
        for name in dict.names { result[rename(name)] = dict[name] }
        return result
    }

    func entry(_ shape: [Int], _ value: Float = 0) -> StateDict.Entry {
        StateDict.Entry(Tensor(shape: shape, repeating: value))
    }

    func recognise(
        _ dict: StateDict, at path: [String] = [], _ hints: ModelHints? = nil
    ) throws(ModelError) -> RecognisedModel {
        try KeyMap.recognise([(path, dict)], hints: hints ?? threeHeads)
    }

    func reason(_ dict: StateDict, _ hints: ModelHints? = nil) -> ModelError.Reason? {
        do {
            _ = try recognise(dict, hints)
            return nil
        } catch {
            #expect(error.report.verdict == .refused)
            #expect(error.report.reason == error.description)
            return error.reason
        }
    }
}
