package import JSON
import Models
package import Tensors

/// Why a model could not be loaded, with the report as far as it goes.
package struct LoadFailure: Error, Sendable, Codable {
    /// A sentence for the user.
    package let sentence: String
    /// As `GET /v1/models/{name}/load-report` answers it; nil where the file could not be read at all.
    package let report: JSONValue?
    /// The field of the registration that can put it right.
    var pointer = "/path"

    package init(sentence: String, report: JSONValue?) {
        self.sentence = sentence
        self.report = report
    }
}

extension LoadFailure {
    /// What the processor lacks for a network in `precision`; nil where it lacks nothing.
    package init?(lacking precision: Precision) {
        guard let lacking = precision.lacking else { return nil }
        sentence =
            "This processor has \(lacking), so no model is loaded in \(precision.rawValue). Write f32, or auto for the "
            + "quickest that there is."
        report = nil
        pointer = LoadOption.precision.pointer
    }

    /// What a network could not be built for, blamed on what was asked for where that is the cause.
    init(_ error: ModelError, _ options: LoadOptions, report: JSONValue) {
        sentence = Self.sentence(error.reason, options)
        self.report = report
        pointer = Self.field(error.reason, options).map { "/" + $0 } ?? "/path"
    }

    /// The field that was wrong, or that is missing; nil where only another file helps.
    private static func field(_ reason: ModelError.Reason, _ options: LoadOptions) -> String? {
        switch reason {
        case .unknownCheckpointKey: options.checkpointKey.map { _ in "checkpoint_key" }
        case .unknownHeads, .headsContradictTable: "num_heads"
        case .headsDoNotDivide: options.numHeads != nil ? "num_heads" : options.arch.map { _ in "arch" }
        case .gridUnknown, .imgSizeUnknown, .imgSizeNotMultiple: "img_size"
        case .untold(let option, _): option
        case .contradiction(let field, _, _):
            switch field {
            case "num_heads", "img_size", "checkpoint_key", "arch", "activation", "rope": field
            // No registration has this field; a name of arch says it.
            case "patch_size": options.arch.map { _ in "arch" }
            default: nil
            }
        case .tooLarge(let what, _, _):
            ["img_size", "the number of patches"].contains(what) ? options.imgSize.map { _ in "img_size" } : nil
        case .unsupportedActivation: options.activation.map { _ in "activation" }
        case .unrecognised, .missing, .shape, .notWeights, .unsupported, .unused, .unfinished, .sameName, .alikeName:
            nil
        }
    }

    /// Names such as arch takes.
    private static let architectures = [
        "vit_tiny", "vit_small", "vit_base", "vit_large", "vit_huge", "vit_giant", "vit_gigantic",
        "vit_tiny_patch16_224", "vit_small_patch16_224", "vit_small_patch32_224", "vit_base_patch16_224",
        "vit_base_patch32_224", "vit_base_patch8_224", "vit_large_patch16_224", "vit_large_patch32_224",
        "vit_huge_patch14_224", "vit_giant_patch14_224", "deit_tiny_patch16_224", "deit_small_patch16_224",
        "deit_base_patch16_224",
    ]

    private static func sentence(_ reason: ModelError.Reason, _ options: LoadOptions) -> String {
        // A name that contradicts the file comes with its width; alone, it means nothing.
        if case .contradiction("arch", let asked, _) = reason, asked == options.arch {
            let near = NearestNames.of(asked, among: architectures, count: 1).first
            return "The arch “\(asked.shortened)” is not known. "
                + (near.map { "Did you mean “\($0)”?" }
                    ?? "Write a name such as vit_small or vit_base_patch16_224, or leave it out.")
        }
        return ServiceError.sentence("\(reason)")
    }
}
