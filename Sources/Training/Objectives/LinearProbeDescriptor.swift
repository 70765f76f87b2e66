import Images
import JSON
import Models

/// A classifier on frozen features (Park et al. 2023, Figure 10).
struct LinearProbeDescriptor: ObjectiveDescriptor {
    let name = "linear_probe"
    let title = "linear probe"
    let summary = "A linear classifier learns on the frozen features of every depth of a checkpoint."

    let settings: [JobSetting] = [
        JobSetting(
            "probe",
            .object([
                JobSetting(
                    "layers", .depths(-1000...1000), "The depths that are probed, 0 for the embedding; all in silence."),
                JobSetting(
                    "pooling", .choice(LinearProbe.Pooling.allCases.map(\.rawValue)),
                    // The class token for MAE's recipe, as MAE has it; else the mean patch, which lets every kind of
                    // pre-training be compared.
                    default: .from {
                        .string(
                            ($0.flavour == TrainingRecipe.Flavour.mae.rawValue
                                ? LinearProbe.Pooling.token : .avg).rawValue)
                    }, "What is read of the tokens: their mean, or the class token."),
            ]), methods: ["linear_probe"], "What is probed.")
    ]

    let recipes = [
        // MoCo v3's, then MAE's.
        TrainingRecipe(
            flavour: .mocoV3, optimizer: .sgd, baseLearningRate: 3, referenceBatch: 256, weightDecay: 0,
            decayRule: .all, epochs: 90, warmupShare: 0, holdsForEpoch: true),
        TrainingRecipe(
            flavour: .mae, optimizer: .lars, baseLearningRate: 0.1, referenceBatch: 256, weightDecay: 0,
            decayRule: .all, epochs: 90, warmupShare: 10.0 / 90),
    ]

    let learnsClasses = true
    let needsCheckpoint = true

    func views(_ recipe: TrainingRecipe, imgSize: Int) -> [ViewRecipe] {
        [recipe.flavour == .mae ? .maeLinearProbe(imgSize: imgSize) : .linearProbe(imgSize: imgSize)]
    }

    func check(
        _ config: VisionTransformerConfig, _ settings: ObjectiveSettings,
        _ fault: (_ key: String, _ detail: String) -> Void
    ) {
        if settings.probePooling == .token, !config.classToken {
            fault("probe", "The encoder has no class token to pool; take the pooling avg.")
        }
        guard let layers = settings.probeLayers else { return }
        if let wrong = layers.first(where: { $0 > config.depth || $0 < -config.depth - 1 }) {
            fault(
                "probe", "There is no depth \(wrong): the encoder has \(config.depth) blocks, and 0 is the embedding.")
        } else if let twice = settings.probedDepths(of: config.depth).flatMap(repeated) {
            fault("probe", "The depth \(twice) is in layers twice; negative ones count from the end.")
        }
    }

    private func repeated(_ depths: [Int]) -> Int? {
        var seen: Set<Int> = []
        return depths.first { !seen.insert($0).inserted }
    }

    func check(
        _ course: ObjectiveCourse, _ fault: (_ setting: JobSetting, _ detail: String) -> Void
    ) {
        if course.layerDecay != 1 {
            fault(.layerDecay, "A linear probe trains no layer, so layer_decay has nothing to scale.")
        }
        if course.smoothing > 0 {
            fault(.smoothing, "A linear probe learns from the labels as they are, so leave smoothing out.")
        }
        if course.dropPath > 0 {
            fault(.dropPath, "A linear probe trains no block that could be dropped; leave drop_path out.")
        }
        if course.batchSize < 2 {
            fault(.batchSize, "A linear probe normalizes over its batch, so batch_size is 2 or more.")
        }
    }

    func measures(_ settings: ObjectiveSettings, depth: Int) -> [String] {
        (settings.probedDepths(of: depth) ?? Array(0...depth)).map { "accuracy.\($0)" }
    }

    func memory(_ sizes: EncoderSizes, _ settings: ObjectiveSettings) -> ObjectiveMemory {
        // The probe looks at one block after another.
        ObjectiveMemory(blocks: min(sizes.depth, 1))
    }

    func make(_ vit: ViTRecipe, classes: Int, _ job: TrainingConfiguration) -> any Objective {
        LinearProbe(
            vit: vit, classes: classes, layers: job.objective.probedDepths(of: vit.config.depth),
            pooling: job.objective.probePooling)
    }
}

extension ObjectiveSettings {
    /// Linear probe: the depths whose features are probed, as they were said; nil for all.
    public var probeLayers: [Int]? { values["probe"]?["layers"]?.list?.compactMap(\.int) }

    /// Linear probe: what is read of the tokens.
    public var probePooling: LinearProbe.Pooling {
        values["probe"]?["pooling"]?.string.flatMap(LinearProbe.Pooling.init) ?? .avg
    }

    /// The probed depths of an encoder with `depth` blocks, negative ones counted from its end; nil for all.
    func probedDepths(of depth: Int) -> [Int]? { probeLayers.map { $0.map { $0 < 0 ? depth + 1 + $0 : $0 } } }
}
