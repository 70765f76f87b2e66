import ArgumentParser
import Service

/// How images are prepared for a checkpoint, where its folder does not say it or should not have its way.
struct PreprocessFlags: ParsableArguments {
    @Option(help: "What becomes of an image's sides: \(PreprocessOptions.cropModes.joined(separator: ", ")).")
    var cropMode: String?

    @Option(help: "The side of the crop as a share of the side before it, such as 0.9.")
    var cropPct: Double?

    /// `options` with what was asked for.
    func added(to options: Inspection.Options) -> Inspection.Options {
        var options = options
        if cropMode != nil || cropPct != nil {
            options.preprocess = PreprocessOptions(cropPct: cropPct, cropMode: cropMode)
        }
        return options
    }
}
