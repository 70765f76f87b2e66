package import Images
package import JSON
package import Models
import Platform
package import Tensors

/// A model that somebody holds in memory: everything that decides what it answers, without its weights, so that it can be
/// known where nothing is computed.
package struct LoadedModel: Sendable, Codable {
    package let config: VisionTransformerConfig
    package let transform: EvaluationTransform
    /// The digest of the checkpoint's bytes.
    package let sha256: String
    /// The digest of these bytes and every choice made in loading them: equal prints, equal numbers.
    package let fingerprint: String
    /// The variant, where it has a name.
    package let arch: String?
    /// What its products are made of.
    package let precision: Precision
    /// Learned numbers in all.
    package let parameterCount: Int
    /// What became of the checkpoint's tensors, as `GET /v1/models/{name}/load-report` answers it.
    package let report: JSONValue
    /// What predicts pixels beside the network; nil where nothing does.
    package let decoder: PixelDecoder?
    /// Memory held by whoever holds the weights, bytes; 0 where nobody does yet.
    package var memoryBytes = 0

    /// - Parameter choices: what was asked for beside the file, in a fixed order.
    init(
        config: VisionTransformerConfig, preprocess: Preprocess, precision: Precision, sha256: String,
        choices: [String], arch: String?, report: JSONValue, decoder: PixelDecoder? = nil
    ) {
        self.config = config
        let size = config.imgSize
        transform = EvaluationTransform(height: size.height, width: size.width, preprocess: preprocess)
        self.sha256 = sha256
        self.arch = arch
        self.precision = precision
        self.report = report
        self.decoder = decoder
        parameterCount = VisionTransformer.parameters(of: config).reduce(0) { $0 + $1.count }
        // Prints in f32 are those from before there was anything else.
        let prints =
            [sha256] + choices + [preprocess.canonical, "\(size.height)x\(size.width)"]
            + (precision == .f32 ? [] : ["precision \(precision.rawValue)"])
        fingerprint = SHA256.hex(of: Array(prints.joined(separator: "\n").utf8))
    }

    /// How the checkpoint is stored, in the word of reports.
    package var format: String? { report["format"]?.string }

    /// Whose layout it has, in the word of reports.
    package var recognisedAs: String? { report["recognised_as"]?.string }

    /// Whether the numbers are those of a network that could be built: another process said them.
    package var isPlausible: Bool {
        config.isPlausible && Digest.isValid(sha256) && Digest.isValid(fingerprint)
            && transform.height == config.imgSize.height && transform.width == config.imgSize.width
            && parameterCount >= 0 && parameterCount < 1 << 40 && decoder?.isPlausible ?? true
    }
}

/// A model under the name by which it was asked for.
package struct NamedModel: Sendable {
    package let name: String
    package let model: LoadedModel

    package init(name: String, model: LoadedModel) {
        self.name = name
        self.model = model
    }

    /// `{name, sha256}`, and `precision` where it is not f32.
    package var field: JSONValue {
        .object(
            [.init("name", .string(name)), .init("sha256", .string(model.sha256))]
                + (model.precision == .f32 ? [] : [.init("precision", .string(model.precision.rawValue))]))
    }
}

extension Preprocess {
    /// Every field in a fixed order.
    var canonical: String {
        "\(cropPct) \(interpolation.rawValue) \(cropMode.rawValue) \(cropRounding.rawValue) \(mean) \(std)"
    }
}
