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
        let usual = try Preprocess(
            mean: layout?.images?.mean ?? Preprocess.standard.mean, std: layout?.images?.std ?? Preprocess.standard.std)
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
