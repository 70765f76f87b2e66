import Checkpoints
import Images
import JSON
import Models

/// How images are prepared for a model: what was asked for, else what its folder says, else what its layout usually has,
/// else timm's defaults.
package enum PreprocessChoice {
    static func preprocess(
        _ checkpoint: Checkpoint, _ options: LoadOptions, layout: CheckpointLayout?
    ) throws(ImageError) -> Preprocess {
        let usual = try usual(layout?.images)
        let base: Preprocess
        if let fields = checkpoint.preprocessor {
            do { base = try Preprocess(HuggingFacePreprocessor(fields)) } catch {
                // Whoever says how needs no readable file.
                guard options.preparesImages else { throw error }
                base = usual
            }
        } else if let fields = checkpoint.config?["pretrained_cfg"], fields.dictionary != nil {
            base = try timm(fields, options, usual)
        } else {
            base = usual
        }
        return try Preprocess(
            cropPct: options[.cropPct]?.double ?? base.cropPct,
            interpolation: options[.interpolation]?.string.map(interpolation) ?? base.interpolation,
            cropMode: options[.cropMode]?.string.map { name throws(ImageError) in try .init(named: name) }
                ?? base.cropMode,
            cropRounding: base.cropRounding, mean: options[.mean]?.doubles ?? base.mean,
            std: options[.std]?.doubles ?? base.std)
    }

    /// Who says how images are prepared, a sentence for the report.
    static func source(_ checkpoint: Checkpoint, _ options: LoadOptions, layout: CheckpointLayout?) -> String {
        let asked = [LoadOption.cropPct, .interpolation, .cropMode, .mean, .std].filter { options[$0] != nil }
        let said =
            asked.isEmpty
            ? "" : "; \(asked.map(\.name).joined(separator: ", ")) \(asked.count == 1 ? "is" : "are") as asked for"
        if checkpoint.preprocessor != nil { return "images are prepared as preprocessor_config.json says\(said)" }
        if checkpoint.config?["pretrained_cfg"]?.dictionary != nil {
            return "images are prepared as pretrained_cfg of config.json says\(said)"
        }
        guard let layout, layout.images != nil else {
            return "images are prepared as timm does by default, as nothing in the file tells it\(said)"
        }
        return "images are prepared as \(layout.title) does, as nothing in the file tells it\(said)"
    }

    /// As the layout's networks usually see images, else timm's defaults.
    private static func usual(_ images: ImageStatistics?) throws(ImageError) -> Preprocess {
        guard let images else { return .standard }
        return try Preprocess(
            cropPct: images.cropPct ?? Preprocess.standard.cropPct,
            interpolation: images.interpolation == .bilinear ? .bilinear : .bicubic,
            cropMode: images.isSquashed ? .squash : .center, mean: images.mean, std: images.std)
    }

    /// What timm's `pretrained_cfg` says; fields that were asked for are not read, so that they mend what it says.
    private static func timm(
        _ fields: Value, _ options: LoadOptions, _ usual: Preprocess
    ) throws(ImageError) -> Preprocess {
        func field<T>(
            _ option: LoadOption, _ otherwise: T, _ rule: String, _ read: (Value) throws(ImageError) -> T?
        ) throws(ImageError) -> T {
            guard options[option] == nil, let value = fields[option.name] else { return otherwise }
            if case .none = value { return otherwise }
            guard let found = try read(value) else {
                throw .setting(name: option.name, reason: "config.json has no \(rule)")
            }
            return found
        }
        return try Preprocess(
            cropPct: field(.cropPct, usual.cropPct, "number") { $0.double },
            interpolation: field(
                .interpolation, usual.interpolation, "filter's name"
            ) { value throws(ImageError) in try value.string.map(interpolation) },
            cropMode: field(.cropMode, usual.cropMode, "mode's name") {
                value throws(ImageError) in
                guard let name = value.string else { return nil }
                return try Preprocess.CropMode(named: name)
            },
            mean: field(.mean, usual.mean, "list of numbers", doubles),
            std: field(.std, usual.std, "list of numbers", doubles))
    }

    private static func interpolation(_ name: String) throws(ImageError) -> Interpolation {
        guard let found = Interpolation(rawValue: name) else {
            let known = Interpolation.allCases.map(\.rawValue).joined(separator: ", ")
            throw .setting(name: "interpolation", reason: "“\(name.shortened)” is none of \(known)")
        }
        return found
    }

    fileprivate static func doubles(_ value: Value) -> [Double]? {
        guard let values = value.array else { return nil }
        let numbers = values.compactMap(\.double)
        return numbers.count == values.count ? numbers : nil
    }
}

extension HuggingFacePreprocessor {
    fileprivate init(_ fields: Value) {
        self.init()
        processorType = fields["image_processor_type"]?.string ?? fields["feature_extractor_type"]?.string
        size = Self.size(fields["size"])
        cropSize = Self.size(fields["crop_size"])
        doResize = fields["do_resize"]?.bool
        doCenterCrop = fields["do_center_crop"]?.bool
        doRescale = fields["do_rescale"]?.bool
        rescaleFactor = fields["rescale_factor"]?.double
        doNormalize = fields["do_normalize"]?.bool
        resample = fields["resample"]?.int
        imageMean = fields["image_mean"].flatMap(PreprocessChoice.doubles)
        imageStd = fields["image_std"].flatMap(PreprocessChoice.doubles)
    }

    private static func size(_ value: Value?) -> Size? {
        if let side = value?.int { return .side(side) }
        if let side = value?["shortest_edge"]?.int { return .shortestEdge(side) }
        if let height = value?["height"]?.int, let width = value?["width"]?.int {
            return .sides(height: height, width: width)
        }
        return nil
    }
}

extension PreprocessInfo {
    init(_ preprocess: Preprocess) {
        self.init(
            cropPct: preprocess.cropPct, interpolation: preprocess.interpolation.rawValue,
            cropMode: preprocess.cropMode.rawValue, mean: preprocess.mean, std: preprocess.std)
    }
}
