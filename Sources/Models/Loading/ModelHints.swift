import Platform

/// What is known about a checkpoint beside its tensors: what the user asks for, and what the file says of itself.
public struct ModelHints: Sendable, Hashable {
    /// A timm name or family (`vit_small`, `vit_base_patch16_224`) that the user gives.
    public var arch: String?
    public var numHeads: Int?
    /// The input size that the user wants: tables of positions are resampled to it.
    public var imgSize: ImageSize?
    public var patchSize: Int?
    /// Which dictionary or prefix to take, where several hold a network (`teacher`, `momentum_encoder`).
    public var checkpointKey: String?
    /// What stands between the layers of an MLP, where the file does not tell.
    public var activation: ActivationFunction?
    /// How queries and keys are turned by place, where the file does not tell.
    public var rope: RotaryKind?
    /// The input size that the images are prepared for (preprocessor_config.json), where that is told.
    public var preparedSize: ImageSize?

    /// Numbers, words and flags of the checkpoint's own tree, under dotted paths: `arch`, `args.patch_size`,
    /// `config.MODEL.VIT.NUM_HEADS`.
    public var fields: [String: HintValue] = [:]
    /// The fields of a `config.json` beside the weights, under dotted paths: `hidden_size`, `model_args.img_size`.
    public var config: [String: HintValue] = [:]
    /// The name of the file or folder: the last resort where layouts are told apart by nothing else.
    public var fileName: String?

    public init() {}
}

/// A simple value that a checkpoint holds beside its tensors.
public enum HintValue: Sendable, Hashable {
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case ints([Int])

    var int: Int? {
        switch self {
        case .int(let value): value
        case .double(let value): Int(exactly: value)
        // Metadata of safetensors is text only.
        case .string(let text): Int(text)
        default: nil
        }
    }

    var double: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        case .string(let text): Double(text)
        default: nil
        }
    }

    var string: String? { if case .string(let value) = self { value } else { nil } }

    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// A side, (height, width), or (channels, height, width), pixels; in text with commas between.
    package var imageSize: ImageSize? {
        let sides: [Int]
        switch self {
        case .string(let text):
            let words = text.split(separator: ","), numbers = words.compactMap { Int($0) }
            guard !numbers.isEmpty, numbers.count == words.count else { return nil }
            return HintValue.ints(numbers).imageSize
        case .int(let side): sides = [side, side]
        case .ints(let values) where (1...3).contains(values.count):
            sides = values.count == 1 ? [values[0], values[0]] : Array(values.suffix(2))
        default: return nil
        }
        guard sides.allSatisfy({ (1...ModelLimits.side).contains($0) }) else { return nil }
        return ImageSize(height: sides[0], width: sides[1])
    }
}

extension ModelHints {
    /// Whether the file is of this program, which writes down all that tensors do not tell.
    var isOwn: Bool { fields["activation"]?.string != nil && fields["eps"] != nil && fields["num_heads"] != nil }

    /// Whether any field of the checkpoint's own tree lies at or below `path`.
    func hasFields(below path: String) -> Bool { fields.keys.contains { $0 == path || $0.hasPrefix(path + ".") } }
}

/// The largest sizes taken from a file or a request. They are far beyond every published model, and keep sums of
/// extents from overflowing.
enum ModelLimits {
    /// Of an image, pixels.
    static let side = 16_384
    static let embedDim = 65_536
    static let depth = 1_000
    static let patches = 65_536
    static let registers = 4_096
}
