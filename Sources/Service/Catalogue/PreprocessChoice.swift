import Checkpoints
import Images
import Models

/// How images are prepared for a model: what was asked for, else what its folder says, else timm's defaults.
enum PreprocessChoice {
    static func preprocess(_ checkpoint: Checkpoint, _ options: PreprocessOptions?) throws(ImageError) -> Preprocess {
        guard let options else { return try own(checkpoint) }
        // Whoever says how needs no readable file.
        let base = (try? own(checkpoint)) ?? .standard
        return try Preprocess(
            cropPct: options.cropPct ?? base.cropPct,
            interpolation: interpolation(options.interpolation) ?? base.interpolation, resizeMode: base.resizeMode,
            cropRounding: base.cropRounding, mean: options.mean ?? base.mean, std: options.std ?? base.std)
    }

    /// What is wrong with options before any file is read.
    static func faults(_ options: PreprocessOptions) -> [ServiceError.Fault] {
        do throws(ImageError) {
            if let name = options.interpolation, Interpolation(rawValue: name) == nil {
                let known = Interpolation.allCases.map(\.rawValue).joined(separator: ", ")
                throw .setting(name: "interpolation", reason: "“\(name.shortened)” is none of \(known)")
            }
            _ = try Preprocess(
                cropPct: options.cropPct ?? Preprocess.standard.cropPct, mean: options.mean ?? Preprocess.imageNetMean,
                std: options.std ?? Preprocess.imageNetStd)
            return []
        } catch {
            if case .setting("std", _) = error {
                let detail = "std must be three positive numbers, one a channel."
                return [.init(pointer: "/preprocess/std", detail: detail)]
            }
            if case .setting(let name, let reason) = error {
                return [.init(pointer: "/preprocess/" + name, detail: ServiceError.sentence("\(name): \(reason)"))]
            }
            return [.init(pointer: "/preprocess", detail: ServiceError.sentence("\(error)"))]
        }
    }

    private static func own(_ checkpoint: Checkpoint) throws(ImageError) -> Preprocess {
        if let fields = checkpoint.preprocessor { return try Preprocess(HuggingFacePreprocessor(fields)) }
        if let fields = checkpoint.config?["pretrained_cfg"] {
            return try Preprocess(
                cropPct: fields["crop_pct"]?.double ?? Preprocess.standard.cropPct,
                interpolation: interpolation(fields["interpolation"]?.string) ?? .bicubic,
                mean: doubles(fields["mean"]) ?? Preprocess.imageNetMean,
                std: doubles(fields["std"]) ?? Preprocess.imageNetStd)
        }
        return .standard
    }

    private static func interpolation(_ name: String?) -> Interpolation? { name.flatMap(Interpolation.init) }

    fileprivate static func doubles(_ value: Value?) -> [Double]? {
        guard let values = value?.array else { return nil }
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
        imageMean = PreprocessChoice.doubles(fields["image_mean"])
        imageStd = PreprocessChoice.doubles(fields["image_std"])
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
            resizeMode: preprocess.resizeMode.rawValue, mean: preprocess.mean, std: preprocess.std)
    }
}
