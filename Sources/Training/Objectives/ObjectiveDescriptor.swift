import Images
import JSON
import Models

/// Everything about a way to learn that is not the learning itself: its words, its settings, what its paper takes where
/// a job is silent, what it wants of images, what it reports and what it needs. One line in `ObjectiveRegistry` joins it.
protocol ObjectiveDescriptor: Sendable {
    /// JSON's word.
    var name: String { get }
    /// For people.
    var title: String { get }
    /// One sentence.
    var summary: String { get }

    /// Its own settings, read with every method, so that a job for several methods may have those of all.
    var settings: [JobSetting] { get }
    /// What counts where a job is silent; the first unless another is asked for.
    var recipes: [TrainingRecipe] { get }

    /// Whether it needs class labels.
    var learnsClasses: Bool { get }
    /// Whether mixtures of images and their labels may be learned from.
    var mixesLabels: Bool { get }
    /// Whether it starts from a checkpoint.
    var needsCheckpoint: Bool { get }
    /// Whether the last view, which is masked, comes beside others.
    var hasMaskedView: Bool { get }

    /// How weights are drawn.
    var initialization: ViTRecipe.Initialization { get }
    /// The table of fixed positions.
    var sinCosTable: SinCosTable { get }
    /// Makes of a plain ViT what the paper has.
    func adapt(_ vit: inout ViTRecipe)
    /// Makes of the configured encoder, or of the checkpoint's, the one that trains.
    func prepare(_ vit: inout ViTRecipe, classes: Int)

    /// The views of an image.
    func views(_ recipe: TrainingRecipe, imgSize: Int) -> [ViewRecipe]
    /// What hides patches of the last view.
    func masking(_ settings: ObjectiveSettings, patchSize: Int) -> ViewPlan.Masking

    /// What does not go together with an encoder; `fault` takes the name of a setting.
    func check(
        _ config: VisionTransformerConfig, _ settings: ObjectiveSettings,
        _ fault: (_ key: String, _ detail: String) -> Void)
    /// What does not go together with the rest of a job.
    func check(_ course: ObjectiveCourse, _ fault: (_ setting: JobSetting, _ detail: String) -> Void)

    /// Names of the losses beside `loss`.
    func losses(_ settings: ObjectiveSettings) -> [String]
    /// Names of what is measured on learned and on validated images alike.
    func measures(_ settings: ObjectiveSettings, depth: Int) -> [String]

    /// What a checkpoint says of it in its metadata, because no tensor does.
    func remarks(_ settings: ObjectiveSettings) -> [String: String]

    /// What it needs beside the encoder.
    func memory(_ sizes: EncoderSizes, _ settings: ObjectiveSettings) -> ObjectiveMemory

    /// - Parameters:
    ///   - vit: as `prepare` made it.
    ///   - classes: of the dataset.
    func make(_ vit: ViTRecipe, classes: Int, _ job: TrainingConfiguration) -> any Objective
}

/// What of a job an objective may object to.
struct ObjectiveCourse: Sendable {
    let batchSize: Int
    let smoothing: Double
    let dropPath: Double
    let layerDecay: Double
}

extension ObjectiveDescriptor {
    var settings: [JobSetting] { [] }
    var learnsClasses: Bool { false }
    var mixesLabels: Bool { false }
    var needsCheckpoint: Bool { false }
    var hasMaskedView: Bool { false }
    var initialization: ViTRecipe.Initialization { .simMIM }
    var sinCosTable: SinCosTable { .mocoV3 }

    func adapt(_ vit: inout ViTRecipe) {}

    func prepare(_ vit: inout ViTRecipe, classes: Int) {}

    func masking(_ settings: ObjectiveSettings, patchSize: Int) -> ViewPlan.Masking { .none }

    func check(
        _ config: VisionTransformerConfig, _ settings: ObjectiveSettings,
        _ fault: (_ key: String, _ detail: String) -> Void
    ) {}

    func check(_ course: ObjectiveCourse, _ fault: (_ setting: JobSetting, _ detail: String) -> Void) {}

    func losses(_ settings: ObjectiveSettings) -> [String] { [] }

    func measures(_ settings: ObjectiveSettings, depth: Int) -> [String] { [] }

    func remarks(_ settings: ObjectiveSettings) -> [String: String] { [:] }

    func memory(_ sizes: EncoderSizes, _ settings: ObjectiveSettings) -> ObjectiveMemory {
        ObjectiveMemory()
    }

    /// Refuses an encoder without the class token.
    func requireClassToken(_ config: VisionTransformerConfig, _ fault: (String, String) -> Void) {
        if !config.classToken { fault(JobSetting.arch.name, "The method \(name) needs the class token.") }
    }
}
