public import Images
import JSON

/// Which images a run learns from.
public struct DatasetSettings: Sendable, Hashable {
    /// `shapes-textures`, a folder, or the name of one below the datasets directory.
    public let name: String
    /// Images to measure accuracy on; nil for none.
    public let validation: String?
    /// What becomes of images that cannot be read.
    public let onError: UnreadableRule
    /// How many built-in images, their side in pixels, seed and cue; nil for what the built-in set says itself.
    public let numImages: Int?
    public let imgSize: Int?
    public let seed: Int?
    public let cue: String?

    /// The name of the built-in images.
    public static let builtIn = "shapes-textures"

    /// Reads `dataset`, `validation_dataset`, `on_error` and `dataset_options`.
    init(_ reader: JSONReader) {
        let found = reader.optionalText(.dataset)
        if found == nil {
            reader.fault(.dataset, "A job needs a dataset: \(Self.builtIn), a folder, or a name below --datasets.")
        }
        name = found ?? Self.builtIn
        validation = reader.optionalText(.validationDataset)
        onError = reader.choice(.onError, default: UnreadableRule.skip)
        let options = reader.object(.datasetOptions)
        if options.hasFields, name != Self.builtIn {
            reader.fault(.datasetOptions, "dataset_options belong to the built-in dataset \(Self.builtIn) alone.")
        }
        numImages = options.optionalInt(JobSetting.DatasetOption.numImages)
        imgSize = options.optionalInt(JobSetting.DatasetOption.imgSize)
        seed = options.optionalInt(JobSetting.DatasetOption.seed)
        cue = options.optionalChoice(JobSetting.DatasetOption.cue, Cue.self)?.rawValue
        options.finish()
    }

    enum Cue: String, CaseIterable { case independent, matched, conflict, shape, texture }
}

/// When a run saves itself.
public struct CheckpointSettings: Sendable, Hashable {
    /// Epochs between two checkpoints.
    public let everyEpochs: Int
    /// Steps between two checkpoints, beside those of the epochs; nil for none.
    public let everySteps: Int?
    /// How many checkpoints stay.
    public let keepLast: Int

    /// Reads `checkpoint`.
    init(_ outer: JSONReader) {
        let reader = outer.object(.checkpoint)
        everyEpochs = reader.int(JobSetting.Checkpoint.everyEpochs)
        everySteps = reader.optionalInt(JobSetting.Checkpoint.everySteps)
        keepLast = reader.int(JobSetting.Checkpoint.keepLast)
        reader.finish()
    }
}
