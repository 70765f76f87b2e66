import Images
import Models
import Platform

/// A model in memory, with everything that decides what it answers. A class because its weights are held once.
final class LoadedModel: Sendable {
    let transformer: VisionTransformer
    let transform: EvaluationTransform
    /// The digest of the checkpoint's bytes.
    let sha256: String
    /// The digest of these bytes and every choice made in loading them: equal prints, equal numbers.
    let fingerprint: String
    /// The variant, where it has a name.
    let arch: String?
    let summary: LoadSummary
    /// Where the checkpoint was read, and how.
    let origin: CheckpointOrigin

    /// - Parameter choices: what was asked for beside the file, in a fixed order.
    init(
        transformer: VisionTransformer, preprocess: Preprocess, sha256: String, choices: [String], arch: String?,
        summary: LoadSummary, origin: CheckpointOrigin
    ) {
        self.origin = origin
        self.transformer = transformer
        let size = transformer.config.imgSize
        transform = EvaluationTransform(height: size.height, width: size.width, preprocess: preprocess)
        self.sha256 = sha256
        self.arch = arch
        self.summary = summary
        let prints = [sha256] + choices + [preprocess.canonical, "\(size.height)x\(size.width)"]
        fingerprint = SHA256.hex(of: Array(prints.joined(separator: "\n").utf8))
    }

    var config: VisionTransformerConfig { transformer.config }
}

/// A model under the name by which it was asked for.
struct NamedModel: Sendable {
    let name: String
    let model: LoadedModel

    /// `{name, sha256}`
    var field: ResultValue { .object([.init("name", .string(name)), .init("sha256", .string(model.sha256))]) }
}

extension Preprocess {
    /// Every field in a fixed order.
    var canonical: String {
        "\(cropPct) \(interpolation.rawValue) \(cropMode.rawValue) \(cropRounding.rawValue) \(mean) \(std)"
    }
}
