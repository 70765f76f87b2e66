public import JSON
import Models
import Platform
public import Tensors

/// A training job as `POST /v1/jobs` and `vitscope train --config` take it, resolved: every setting that counts, those
/// of the method's paper where the body was silent.
public struct TrainingConfiguration: Sendable {
    public let name: String?
    public let method: TrainingMethod
    /// Nil where the encoder comes from `initFrom` and nothing was said about it.
    public let vit: ViTRecipe?
    /// How the weights are drawn that no checkpoint brings.
    public let initialization: ViTRecipe.Initialization
    /// Pixels a side, where it was said.
    public let imgSize: Int?
    public let dataset: DatasetSettings
    public let epochs: Int
    /// Images of one forward and backward pass, of all ranks together.
    public let batchSize: Int
    /// Passes whose gradients make a step.
    public let accumulationSteps: Int
    public let seed: UInt64
    public let optimization: OptimizationSettings
    public let augmentation: AugmentationSettings
    public let objective: ObjectiveSettings
    /// The rate of stochastic depth in the last block.
    public let dropPath: Double
    /// How much the class labels are smoothed, 0 to 1.
    public let smoothing: Double
    /// A checkpoint whose encoder the run starts from.
    public let initFrom: String?
    public let checkpoints: CheckpointSettings
    /// Steps between two lines of metrics.
    public let logEverySteps: Int
    /// Threads that compute, of each rank, where it was said.
    public let threads: Int?
    /// Processes that train together, each on its part of every batch.
    public let ranks: Int
    /// What is asked of a cluster; nil for a job of this machine.
    package let cluster: ClusterResources?
    /// Of the encoder's products.
    public let precision: Precision
    /// Texts that belong to the job and mean nothing to the program.
    public let labels: [String: String]
    /// What is looked at while the model trains; nil for nothing.
    public let analysis: AnalysisSettings?
    /// When the run is content before its end.
    public let stopRules: [StopRule]
    /// Every setting with the value that counts, for config.json.
    public let resolved: JSONValue

    /// The digest of `resolved`, 64 hexadecimal digits.
    public var digest: String { SHA256.hex(of: resolved.canonical) }

    /// Reads `body`.
    ///
    /// - Throws: `TrainingError.configuration` with every fault there is.
    public init(_ body: JSONValue, settings: JobSettingList = .standard) throws(TrainingError) {
        let reader = JSONReader(body)
        name = reader.optionalText(.name)
        if !reader.has(.method) {
            reader.fault(
                .method, "A job needs a method: \(TrainingMethod.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        method = reader.choice(.method, default: TrainingMethod.allCases[0])
        let recipe = Self.readRecipe(reader, method)
        let descriptor = method.descriptor
        var vit = ViTRecipe.read(reader, descriptor)
        initialization = reader.choice(
            .initialization, default: vit?.initialization ?? (descriptor.initialization == .mae ? .mae : .simMIM))
        imgSize = vit?.config.imgSize.height ?? reader.value(.imgSize)?.int
        initFrom = reader.optionalText(.initFrom)
        if descriptor.needsCheckpoint, initFrom == nil {
            reader.fault(.initFrom, "\(method.rawValue) starts from a checkpoint; name it in init_from.")
        }
        if initFrom == nil, !reader.has(.arch) {
            reader.fault(.arch, "A job needs an arch, such as vit_tiny_patch16_224, or a checkpoint in init_from.")
        }
        dataset = DatasetSettings(reader)
        epochs = reader.int(.epochs, default: recipe.epochs)
        batchSize = reader.int(.batchSize)
        accumulationSteps = reader.int(.accumulationSteps)
        seed = UInt64(reader.int(.seed))
        optimization = OptimizationSettings(
            reader, recipe: recipe, epochs: epochs, images: batchSize * accumulationSteps)
        augmentation = AugmentationSettings(
            reader, descriptor: descriptor, recipe: recipe, imgSize: imgSize ?? 224)
        let context = JobSettingContext(
            method: method, flavour: recipe.flavour.rawValue, patchSize: vit?.config.patchSize ?? 16)
        objective = ObjectiveSettings(reader, context)
        dropPath = reader.number(.dropPath, default: recipe.dropPath)
        precision = Self.readPrecision(reader)
        vit?.precision = precision
        vit?.initialization = initialization
        vit?.dropPath = dropPath
        self.vit = vit
        smoothing = reader.number(.smoothing, default: recipe.smoothing)
        checkpoints = CheckpointSettings(reader)
        logEverySteps = reader.int(.logEverySteps)
        (threads, ranks, cluster) = Self.readResources(reader)
        labels = Self.readLabels(reader)
        analysis = AnalysisSettings(reader)
        let depth = vit?.config.depth
        stopRules = StopRule.read(
            reader, analysis: analysis,
            // Where the encoder is not known yet, any depth may be one of its own.
            known: method.metricNames(objective, depth: depth ?? 1000, validates: dataset.validation != nil),
            depth: depth)
        if !method.isSupervised {
            if dataset.validation != nil {
                reader.fault(
                    .validationDataset, "The method \(method.rawValue) learns no classes that could be validated.")
            }
            if smoothing > 0 {
                reader.fault(.smoothing, "smoothing is of labels, which the method \(method.rawValue) does not use.")
            }
        }
        if augmentation.mixup > 0 || augmentation.cutmix > 0, batchSize % 2 != 0 {
            reader.fault(.batchSize, "Mixup and cutmix pair the images of a batch, so batch_size must be even.")
        }
        Self.checkParts(
            reader, batchSize: batchSize, ranks: ranks, pairs: augmentation.mixup > 0 || augmentation.cutmix > 0)
        descriptor.check(
            ObjectiveCourse(
                batchSize: batchSize, smoothing: smoothing, dropPath: dropPath, layerDecay: optimization.layerDecay)
        ) { reader.fault($0, $1) }
        if let vit { Self.check(vit, method, objective) { reader.fault($0, $1) } }
        for setting in settings.all where !reader.hasAsked(setting.name) { reader.read(setting, context) }
        reader.finish()
        guard reader.allFaults.isEmpty else { throw .configuration(reader.allFaults) }
        resolved = .object(reader.resolved)
    }

    private static func readRecipe(_ reader: JSONReader, _ method: TrainingMethod) -> TrainingRecipe {
        let recipes = method.descriptor.recipes, flavours = recipes.map(\.flavour)
        let asked = reader.optionalChoice(.recipe, TrainingRecipe.Flavour.self)
        if let asked, !flavours.contains(asked) {
            reader.fault(
                .recipe,
                "The method \(method.rawValue) follows \(flavours.map(\.rawValue).joined(separator: " or ")).")
        }
        let flavour = asked.flatMap { flavours.contains($0) ? $0 : nil } ?? flavours[0]
        reader.record(.recipe, .string(flavour.rawValue))
        return recipes.first { $0.flavour == flavour } ?? recipes[0]
    }

    private static func readResources(
        _ reader: JSONReader
    ) -> (threads: Int?, ranks: Int, cluster: ClusterResources?) {
        let resources = reader.object(.resources)
        let threads = resources.optionalInt(JobSetting.Resource.threads)
        let ranks = resources.optionalInt(JobSetting.Resource.ranks) ?? 1
        let cluster = ClusterResources.read(resources, ranks: ranks)
        resources.finish()
        return (threads, ranks, cluster)
    }

    /// Ranks have as many images each, and pairs of images stay together.
    private static func checkParts(_ reader: JSONReader, batchSize: Int, ranks: Int, pairs: Bool) {
        let unit = pairs && ranks > 1 ? 2 * ranks : ranks
        guard batchSize % unit != 0 else { return }
        reader.fault(
            .batchSize,
            "batch_size \(batchSize) counts the images of all \(ranks) ranks together, which take as many each"
                + "\(pairs ? " in pairs" : ""): take a multiple of \(unit).")
    }

    /// f32 in silence, and then nothing is written down.
    private static func readPrecision(_ reader: JSONReader) -> Precision {
        guard let choice = reader.optionalChoice(.precision, PrecisionChoice.self) else { return .f32 }
        if let lacking = choice.precision.lacking {
            reader.fault(
                .precision,
                "This processor has \(lacking), so nothing is trained in \(choice.rawValue). Write f32, or auto for the "
                    + "quickest that there is.")
        }
        // What a run computes does not change with the machine that goes on with it.
        reader.record(.precision, .string(choice.precision.rawValue))
        return choice.precision
    }

    private static func readLabels(_ reader: JSONReader) -> [String: String] {
        Dictionary(reader.texts(.labels).map { ($0.name, $0.text) }) { $1 }
    }

    /// What does not go together with the encoder `vit`.
    public static func check(
        _ vit: ViTRecipe, _ method: TrainingMethod, _ objective: ObjectiveSettings,
        fault: (_ key: String, _ detail: String) -> Void
    ) {
        method.descriptor.check(vit.config, objective, fault)
        if let departure = vit.config.departure {
            fault(
                JobSetting.initFrom.name,
                "The checkpoint's network \(departure), which is analysed and not trained here; give a plain one.")
        }
        if vit.config.relPos != .none, vit.config.numPrefixTokens != 1 {
            fault(JobSetting.arch.name, "Relative positions need the class token and no registers.")
        }
    }
}
