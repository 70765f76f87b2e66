import Models
import Platform
public import Checkpoints

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
    /// Images of one forward and backward pass.
    public let batchSize: Int
    /// Passes whose gradients make a step.
    public let accumulationSteps: Int
    public let seed: UInt64
    public let optimization: OptimizationSettings
    public let augmentation: AugmentationSettings
    public let objective: ObjectiveSettings
    /// The rate of stochastic depth in the last block.
    public let dropPath: Double
    /// How much the labels are smoothed, 0 to 1.
    public let smoothing: Double
    /// A checkpoint whose encoder the run starts from.
    public let initFrom: String?
    public let checkpoints: CheckpointSettings
    /// Steps between two lines of metrics.
    public let logEverySteps: Int
    /// Threads that compute, where it was said.
    public let threads: Int?
    /// Texts that belong to the job and mean nothing to the program.
    public let labels: [String: String]
    /// What is looked at while the model trains; nil for nothing.
    public let analysis: AnalysisSettings?
    /// When the run is content before its end.
    public let stopRules: [StopRule]
    /// Every setting with the value that counts, for config.json.
    public let resolved: Value

    /// The digest of `resolved`, 64 hexadecimal digits.
    public var digest: String { SHA256.hex(of: Array(CanonicalJSON.line(resolved).utf8)) }

    /// Reads `body`.
    ///
    /// - Parameter nearest: up to a few of the known names most like a wrong one.
    /// - Throws: `TrainingError.configuration` with every fault there is.
    public init(
        _ body: Value, nearest: @escaping (_ wanted: String, _ known: [String]) -> [String] = { _, _ in [] }
    ) throws(TrainingError) {
        let reader = ConfigurationReader(body, nearest: nearest)
        name = reader.optionalText("name", longest: 200)
        if !reader.has("method") {
            reader.fault(
                "method", "A job needs a method: \(TrainingMethod.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        method = reader.choice("method", default: .mocoV3)
        let recipe = Self.readRecipe(reader, method)
        var vit = ViTRecipe.read(reader, method: method)
        initialization = reader.choice(
            "initialization", default: vit?.initialization ?? (method == .mae ? .mae : .simMIM))
        imgSize = vit?.config.imgSize.height ?? reader.value("img_size")?.int
        initFrom = reader.optionalText("init_from")
        if (method == .finetune || method == .linearProbe) && initFrom == nil {
            reader.fault("init_from", "\(method.rawValue) starts from a checkpoint; name it in init_from.")
        }
        if initFrom == nil, !reader.has("arch") {
            reader.fault("arch", "A job needs an arch, such as vit_tiny_patch16_224, or a checkpoint in init_from.")
        }
        dataset = DatasetSettings(reader)
        epochs = reader.int("epochs", default: recipe.epochs, in: 1...1_000_000)
        batchSize = reader.int("batch_size", default: 64, in: 1...65_536)
        accumulationSteps = reader.int("accumulation_steps", default: 1, in: 1...65_536)
        seed = UInt64(reader.int("seed", default: 0, in: 0...Int.max))
        optimization = OptimizationSettings(
            reader, recipe: recipe, method: method, epochs: epochs, images: batchSize * accumulationSteps)
        augmentation = AugmentationSettings(reader, method: method, recipe: recipe, imgSize: imgSize ?? 224)
        objective = ObjectiveSettings(
            reader, method: method, flavour: recipe.flavour, patchSize: vit?.config.patchSize ?? 16)
        dropPath = reader.number("drop_path", default: recipe.dropPath, in: 0...0.99)
        vit?.initialization = initialization
        vit?.dropPath = dropPath
        self.vit = vit
        smoothing = reader.number("smoothing", default: recipe.smoothing, in: 0...0.99)
        checkpoints = CheckpointSettings(reader)
        logEverySteps = reader.int("log_every_steps", default: 10, in: 1...1_000_000)
        threads = Self.readResources(reader)
        labels = Self.readLabels(reader)
        analysis = AnalysisSettings(reader)
        let depth = vit?.config.depth, probed = objective
        stopRules = StopRule.read(
            reader, analysis: analysis,
            known: method.metricNames(
                lambda: objective.lambda,
                // Where the encoder is not known yet, any depth may be one of its own.
                layers: depth.flatMap { probed.probedDepths(of: $0) } ?? Array(0...(depth ?? 1000)),
                validates: dataset.validation != nil),
            depth: depth)
        if !method.isSupervised {
            if dataset.validation != nil {
                reader.fault(
                    "validation_dataset", "The method \(method.rawValue) learns no classes that could be validated.")
            }
            if smoothing > 0 {
                reader.fault("smoothing", "smoothing is of labels, which the method \(method.rawValue) does not use.")
            }
        }
        if method == .linearProbe {
            if smoothing > 0 {
                reader.fault("smoothing", "A linear probe learns from the labels as they are, so leave smoothing out.")
            }
            if dropPath > 0 {
                reader.fault("drop_path", "A linear probe trains no block that could be dropped; leave drop_path out.")
            }
        }
        Self.checkBatch(reader, batchSize, method, augmentation)
        if let vit { Self.check(vit, method, objective) { reader.fault($0, $1) } }
        reader.finish()
        guard reader.allFaults.isEmpty else { throw .configuration(reader.allFaults) }
        resolved = .object(reader.resolved)
    }

    private static func readRecipe(_ reader: ConfigurationReader, _ method: TrainingMethod) -> TrainingRecipe {
        let flavours = TrainingRecipe.flavours(of: method)
        let asked = reader.optionalChoice("recipe", TrainingRecipe.Flavour.self)
        if let asked, !flavours.contains(asked) {
            reader.fault(
                "recipe",
                "The method \(method.rawValue) follows \(flavours.map(\.rawValue).joined(separator: " or ")).")
        }
        let flavour = asked.flatMap { flavours.contains($0) ? $0 : nil } ?? flavours[0]
        reader.record("recipe", .string(flavour.rawValue))
        return TrainingRecipe.of(method, flavour)
    }

    private static func readResources(_ reader: ConfigurationReader) -> Int? {
        let resources = reader.object("resources")
        let executor = resources.optionalText("executor", longest: 100) ?? "local"
        if executor != "local" {
            resources.fault("executor", "The only executor is local, not “\(executor)”.")
        }
        let threads = resources.optionalInt("threads", in: 1...1024)
        resources.finish()
        return threads
    }

    private static func readLabels(_ reader: ConfigurationReader) -> [String: String] {
        guard let labels = reader.value("labels") else { return [:] }
        let isSound = labels.dictionary.map { $0.count <= 64 && $0.allSatisfy { $0.value.string != nil } } ?? false
        if !isSound { reader.fault("labels", "labels must be an object of at most 64 texts.") }
        reader.record("labels", labels)
        let pairs = (labels.dictionary ?? ValueDictionary()).map { ($0.key.string ?? "", $0.value.string ?? "") }
        return Dictionary(pairs) { $1 }
    }

    private static func checkBatch(
        _ reader: ConfigurationReader, _ batchSize: Int, _ method: TrainingMethod, _ augmentation: AugmentationSettings
    ) {
        if augmentation.mixup > 0 || augmentation.cutmix > 0, batchSize % 2 != 0 {
            reader.fault("batch_size", "Mixup and cutmix pair the images of a batch, so batch_size must be even.")
        }
        if method.isContrastive, batchSize < 2 {
            reader.fault("batch_size", "A contrastive loss needs other images beside each, so batch_size is 2 or more.")
        }
        if method == .linearProbe, batchSize < 2 {
            reader.fault("batch_size", "A linear probe normalizes over its batch, so batch_size is 2 or more.")
        }
    }

    /// What does not go together with the encoder `vit`.
    public static func check(
        _ vit: ViTRecipe, _ method: TrainingMethod, _ objective: ObjectiveSettings,
        fault: (_ key: String, _ detail: String) -> Void
    ) {
        let config = vit.config, side = config.imgSize.height
        if method != .simMIM, !config.classToken, !method.isSupervised {
            fault("arch", "The method \(method.rawValue) needs the class token.")
        }
        if method.isMasked {
            let cell = objective.simMIM.maskPatchSize
            if cell % config.patchSize != 0 || side % cell != 0 {
                fault(
                    "simmim",
                    "mask_patch_size \(cell) must be a multiple of patch_size \(config.patchSize) and divide img_size "
                        + "\(side).")
            }
        }
        if method == .mae, vit.config.relPos != .none {
            fault("arch", "MAE drops patches, which relative positions do not allow; take rel_pos none.")
        }
        if method == .mae, config.classToken, config.numPrefixTokens != 1 {
            fault(
                "arch",
                "MAE has the class token and nothing else before the patches; this encoder has "
                    + "\(config.numPrefixTokens) such tokens.")
        }
        if config.relPos != .none, config.numPrefixTokens != 1 {
            fault("arch", "Relative positions need the class token and no registers.")
        }
        if method == .linearProbe { checkProbe(config, objective, fault) }
    }

    private static func checkProbe(
        _ config: VisionTransformerConfig, _ objective: ObjectiveSettings,
        _ fault: (_ key: String, _ detail: String) -> Void
    ) {
        if objective.probePooling == .token, !config.classToken {
            fault("probe", "The encoder has no class token to pool; take the pooling avg.")
        }
        guard let layers = objective.probeLayers else { return }
        if let wrong = layers.first(where: { $0 > config.depth || $0 < -config.depth - 1 }) {
            fault(
                "probe", "There is no depth \(wrong): the encoder has \(config.depth) blocks, and 0 is the embedding.")
        } else if let twice = objective.probedDepths(of: config.depth).flatMap(repeated) {
            fault("probe", "The depth \(twice) is in layers twice; negative ones count from the end.")
        }
    }

    private static func repeated(_ depths: [Int]) -> Int? {
        var seen: Set<Int> = []
        return depths.first { !seen.insert($0).inserted }
    }
}
