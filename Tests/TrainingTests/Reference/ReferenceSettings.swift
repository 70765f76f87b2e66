import Foundation
import Models

/// cases.json: the settings of every case.
struct ReferenceSettings: Decodable, Sendable {
    let cases: [String: Case]
    let optimizers: [String: Rule]

    static func read() throws -> ReferenceSettings {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = URL(fileURLWithPath: ReferenceFile.path("cases.json"))
        return try decoder.decode(ReferenceSettings.self, from: Data(contentsOf: file))
    }

    /// One objective with its network and its recipe.
    struct Case: Decodable, Sendable {
        let vit: ViT
        let moco: MoCo?
        let simmim: SimMIM?
        let mae: MAE?
        let lambda: Double?
        let smoothing: Double?
        let layerDecay: Double?
        let firstEpoch: Double
        let stepsPerEpoch: Double
        let optimizer: Optimizer
        let learningRates: [Double]
        let frozen: [String]
        let groups: [Group]
        /// Zero in exact arithmetic: make.py says why.
        let zeroGradients: [String]
    }

    struct ViT: Decodable, Sendable {
        let imgSize, patchSize, embedDim, depth, numHeads, mlpHidden, numClasses: Int
        let posEmbed, relPos, globalPool: String
        let layerScale, finalNorm, fcNorm: Bool
        let eps: Float

        var config: VisionTransformerConfig {
            var config = VisionTransformerConfig(
                imgSize: ImageSize(height: imgSize, width: imgSize), patchSize: patchSize, embedDim: embedDim,
                depth: depth, numHeads: numHeads, mlpHidden: mlpHidden)
            config.posEmbed = .init(rawValue: posEmbed) ?? .none
            config.relPos = .init(rawValue: relPos) ?? .none
            config.globalPool = .init(rawValue: globalPool) ?? .token
            config.layerScale = layerScale
            config.finalNorm = finalNorm
            config.fcNorm = fcNorm
            config.numClasses = numClasses
            config.eps = eps
            return config
        }
    }

    struct MoCo: Decodable, Sendable {
        let temperature, momentum, epochs: Double
        let momentumCosine, stopGradConv1: Bool
        let dim, mlpDim: Int
    }

    struct SimMIM: Decodable, Sendable {
        let maskPatchSize: Int
        let maskRatio: Double
    }

    struct MAE: Decodable, Sendable {
        let maskRatio: Double
        let normPixLoss: Bool
        let decoderEmbedDim, decoderDepth, decoderNumHeads: Int
    }

    struct Optimizer: Decodable, Sendable {
        let beta1, beta2, eps, lr: Double
        let clipGrad: Double?
    }

    struct Group: Decodable, Sendable {
        let lrScale, weightDecay: Double
        let names: [String]
    }

    /// One trajectory of optimizers.safetensors; what a rule does not have is nil.
    struct Rule: Decodable, Sendable {
        let lr, weightDecay: Double
        let beta1, beta2, eps, momentum, trustCoefficient: Double?
        let nesterov: Bool?
    }
}
