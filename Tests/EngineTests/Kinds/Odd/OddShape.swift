import Checkpoints
import Engine
import Models
import Tensors
import TestSupport

/// A model that is small, or at its least, in one way or another.
enum OddShape: String, CaseIterable, Sendable {
    case plain, oneHead, onePatch, noClassToken, wide, tall, oneBlock, conv, relative, pooling, autoencoder

    var config: VisionTransformerConfig {
        var config = VisionTransformerConfig(
            imgSize: size, patchSize: 4, embedDim: 8, depth: self == .oneBlock ? 1 : 2,
            numHeads: self == .oneHead ? 1 : 2, mlpHidden: 16)
        switch self {
        case .plain, .oneHead, .onePatch, .wide: break
        case .noClassToken: (config.classToken, config.globalPool) = (false, .avg)
        // More registers than columns.
        case .tall: (config.numRegisters, config.posEmbed) = (3, .patches)
        // As many classes as the images have, so that its own head decides.
        case .oneBlock: config.numClasses = 2
        case .conv: (config.patchEmbed, config.patchSize) = (.convStem, 16)
        case .relative:
            (config.relPos, config.posEmbed, config.layerScale) = (.perBlock, .none, true)
            (config.globalPool, config.fcNorm, config.finalNorm) = (.avg, true, false)
            config.numClasses = 3
        case .pooling: (config.attnPool, config.globalPool) = (AttentionPool(numHeads: 4, mlpHidden: 8), .map)
        case .autoencoder: (config.embedDim, config.numHeads, config.mlpHidden) = (12, 3, 24)
        }
        return config
    }

    /// Rows first.
    private var size: ImageSize {
        switch self {
        case .onePatch: ImageSize(height: 4, width: 4)
        case .wide: ImageSize(height: 4, width: 20)
        case .tall: ImageSize(height: 12, width: 4)
        case .conv: ImageSize(height: 32, width: 32)
        case .autoencoder: ImageSize(height: 16, width: 16)
        default: ImageSize(height: 8, width: 8)
        }
    }

    /// Whether `kind` has no answer for such a model: there is no class token, no pooling by attention, no gradient through the stem or the bias,
    /// or with one patch an image there are fewer points than it takes.
    func refuses(_ kind: AnalysisKind) -> Bool {
        if kind == .poolingAttention { return self != .pooling }
        if kind == .reconstruction { return self != .autoencoder }
        if kind == .logitLens || kind == .relevance { return config.numClasses == 0 }
        return switch self {
        case .onePatch: true
        case .noClassToken: kind == .clsAttention
        case .conv, .relative: kind == .gradientRollout
        default: false
        }
    }

    /// The weights as a checkpoint has them. Those of an autoencoder, decoder and all, are in a file.
    func weights() throws -> StateDict {
        guard self == .autoencoder else { return VisionTransformer.randomStateDict(config, seed: 7) }
        let checkpoint = try Checkpoint.open(fixture("models/files/mae_train.pth"))
        return checkpoint.stateDicts().max { $0.dict.names.count < $1.dict.names.count }?.dict ?? StateDict()
    }
}
