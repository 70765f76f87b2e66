package import Images
package import JSON
package import Models
import Platform

/// A model in memory, with everything that decides what it answers. A class because its weights are held once.
package final class LoadedModel: Sendable {
    package let transformer: VisionTransformer
    package let transform: EvaluationTransform
    /// The digest of the checkpoint's bytes.
    package let sha256: String
    /// The digest of these bytes and every choice made in loading them: equal prints, equal numbers.
    package let fingerprint: String
    /// The variant, where it has a name.
    package let arch: String?
    let summary: LoadSummary
    /// Where the checkpoint was read, and how.
    package let origin: CheckpointOrigin

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

    package var config: VisionTransformerConfig { transformer.config }
}

/// A model under the name by which it was asked for.
package struct NamedModel: Sendable {
    package let name: String
    package let model: LoadedModel

    package init(name: String, model: LoadedModel) {
        self.name = name
        self.model = model
    }

    /// `{name, sha256}`
    package var field: JSONValue { .object([.init("name", .string(name)), .init("sha256", .string(model.sha256))]) }
}

extension Preprocess {
    /// Every field in a fixed order.
    var canonical: String {
        "\(cropPct) \(interpolation.rawValue) \(cropMode.rawValue) \(cropRounding.rawValue) \(mean) \(std)"
    }
}
