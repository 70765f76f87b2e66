package import Checkpoints
import Images
package import Models
import Platform
import Tensors

/// A checkpoint's place: a name, and the directory that nothing leads out of.
package struct CheckpointPlace: Sendable, Equatable {
    package let name: String
    package let directory: String

    package init(name: String, directory: String) {
        self.name = name
        self.directory = directory
    }

    /// A file or folder anywhere, for those who may name one: the command line.
    package init(path: String) {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        let parts = trimmed.split(separator: "/", omittingEmptySubsequences: false)
        name = parts.last.map(String.init) ?? trimmed
        directory =
            parts.count > 1
            ? (parts.count == 2 && parts[0].isEmpty ? "/" : parts.dropLast().joined(separator: "/")) : "."
    }
}

/// Makes a model of a checkpoint.
package enum ModelLoader {
    /// Opens, recognises and describes; the numbers stay in the file until somebody asks for them.
    ///
    /// - Parameter layouts: those that the file may have.
    package static func read(
        _ place: CheckpointPlace, _ options: LoadOptions, layouts: CheckpointLayouts = .standard
    ) throws(LoadFailure) -> ReadModel {
        let checkpoint: Checkpoint
        do { checkpoint = try Checkpoint.open(place.name, beneath: place.directory) } catch {
            throw LoadFailure(sentence: ServiceError.sentence("\(error)"), report: nil)
        }
        return try read(checkpoint, options, fileName: place.name, layouts: layouts)
    }

    /// Recognises and describes what was opened.
    ///
    /// - Parameters:
    ///   - fileName: by which a person knows the file.
    ///   - layouts: those that the file may have.
    package static func read(
        _ checkpoint: Checkpoint, _ options: LoadOptions, fileName: String, layouts: CheckpointLayouts = .standard
    ) throws(LoadFailure) -> ReadModel {
        let precision = options.precision.precision
        if let failure = LoadFailure(lacking: precision) { throw failure }
        let recognised = try recognise(checkpoint, options, fileName: fileName, layouts: layouts)
        let report = LoadSummary(
            format: checkpoint.format.rawValue, report: recognised.report, opaqueGlobals: checkpoint.opaqueGlobals,
            images: PreprocessChoice.source(checkpoint, options, layout: recognised.report.recognisedAs),
            precision: precision
        ).field
        let preprocess: Preprocess
        do {
            preprocess = try PreprocessChoice.preprocess(
                checkpoint, options, layout: recognised.report.recognisedAs)
        } catch {
            throw LoadFailure(sentence: ServiceError.sentence("\(error)"), report: report)
        }
        let sha256 = checkpoint.digest(), decoder = decoder(in: checkpoint)
        let model = LoadedModel(
            config: recognised.config, preprocess: preprocess, precision: precision, sha256: sha256,
            choices: [
                "heads \(recognised.config.numHeads)", "key \(recognised.report.checkpointKey ?? "")",
                "prefix \(recognised.report.prefixRemoved ?? "")",
                "as \(recognised.report.recognisedAs?.name ?? "")", "eps \(recognised.config.eps)",
            ] + choices(recognised.config), arch: recognised.arch, report: report, decoder: decoder?.told)
        return ReadModel(
            model: model, tensors: recognised.stateDict, decoder: decoder?.tensors,
            isUnchanged: { checkpoint.digest() == sha256 })
    }

    /// What decides the numbers beside tensors; nothing for a plain network, whose print stays what it always was.
    private static func choices(_ config: VisionTransformerConfig) -> [String] {
        var choices: [String] = []
        if config.mlp != .gelu, config.mlp != .swiglu { choices.append("mlp \(config.mlp.rawValue)") }
        if let rope = config.rope { choices.append("rope \(rope)") }
        if config.postNorm { choices.append("norms afterwards") }
        if let pool = config.attnPool { choices.append("pooling heads \(pool.numHeads)") }
        return choices
    }

    /// The first dictionary with a decoder, without what belongs to others.
    private static func decoder(in checkpoint: Checkpoint) -> (told: PixelDecoder, tensors: StateDict)? {
        for (_, dict) in checkpoint.stateDicts() {
            guard let (form, _) = PixelDecoder.find(in: dict.names) else { continue }
            var tensors = StateDict()
            for name in dict.names
            where PixelDecoder.isOwn(name) && (name.contains("decoder") || PixelDecoder.isMaskToken(name)) {
                tensors[name] = dict[name]
            }
            // transformers' configuration, the arguments of facebookresearch's programs, a run's own words.
            let config = checkpoint.config.map(HintFields.of) ?? [:], root = HintFields.of(checkpoint.root)
            let facts = checkpoint.metadata
            var heads = facts["decoder_heads"].flatMap { Int($0) }
            if case .int(let number)? = config["decoder_num_attention_heads"] { heads = number }
            var normPix = facts["norm_pix_loss"].flatMap { Bool($0) }
            if case .bool(let isNormed)? = config["norm_pix_loss"] ?? root["args.norm_pix_loss"] { normPix = isNormed }
            return (PixelDecoder(form: form, heads: heads, normPix: form == .mae ? normPix : nil), tensors)
        }
        return nil
    }

    /// Finds the network, without building it.
    package static func recognise(
        _ checkpoint: Checkpoint, _ options: LoadOptions, fileName: String, layouts: CheckpointLayouts = .standard
    ) throws(LoadFailure) -> RecognisedModel {
        var hints = ModelHints()
        hints.arch = options.arch
        hints.numHeads = options.numHeads
        hints.imgSize = options.imgSize
        hints.checkpointKey = options.checkpointKey
        hints.activation = options.activation
        hints.rope = options.rope
        hints.preparedSize = checkpoint.preprocessor.flatMap(PreparedSize.read)
        hints.fields = HintFields.of(checkpoint.root)
        for (key, text) in checkpoint.metadata where hints.fields[key] == nil { hints.fields[key] = .string(text) }
        hints.config = checkpoint.config.map(HintFields.of) ?? [:]
        hints.fileName = fileName.split(separator: "/").last.map(String.init) ?? fileName
        do {
            return try KeyMap.recognise(checkpoint.stateDicts(), hints: hints, layouts: layouts)
        } catch {
            throw LoadFailure(
                error, options,
                report: LoadSummary(
                    format: checkpoint.format.rawValue, report: error.report, opaqueGlobals: checkpoint.opaqueGlobals
                ).field)
        }
    }
}

/// The size that preprocessor_config.json brings images to.
enum PreparedSize {
    /// The size of the crop, or of the image where nothing is cropped; nil where the image's own shape decides.
    static func read(_ fields: Value) -> ImageSize? {
        let crops = fields["crop_size"] != nil && fields["do_center_crop"]?.bool != false
        let size = fields[crops ? "crop_size" : "size"]
        if let side = size?.int { return HintValue.int(side).imageSize }
        guard let height = size?["height"]?.int, let width = size?["width"]?.int else { return nil }
        return HintValue.ints([height, width]).imageSize
    }
}

/// The simple values of a tree under dotted paths.
package enum HintFields {
    /// A checkpoint says little of itself beside its tensors; more is noise, such as an optimizer's state.
    private static let limit = 4096
    private static let depth = 8

    package static func of(_ root: Value) -> [String: HintValue] {
        var fields: [String: HintValue] = [:]
        // Level by level, so that what lies further out is not crowded out.
        var level: [(path: String, value: Value)] = [("", root)]
        for _ in 0..<depth where !level.isEmpty && fields.count < limit {
            var next: [(path: String, value: Value)] = []
            for (path, value) in level {
                for (key, child) in value.fields ?? ValueDictionary() {
                    guard let name = key.string, fields.count < limit else { continue }
                    let place = path.isEmpty ? name : path + "." + name
                    if let hint = HintValue(child) {
                        fields[place] = hint
                    } else if child.fields != nil {
                        next.append((place, child))
                    }
                }
            }
            level = next
        }
        return fields
    }
}

extension HintValue {
    /// Nil for what is not simple.
    fileprivate init?(_ value: Value) {
        switch value {
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .list(let values):
            let ints = values.compactMap(\.int)
            guard !values.isEmpty, values.count <= 16, ints.count == values.count else { return nil }
            self = .ints(ints)
        default: return nil
        }
    }
}
