/// The settings of a method's paper and code: what counts where a configuration is silent.
struct TrainingRecipe: Sendable {
    /// Whose code a method with several follows.
    enum Flavour: String, Sendable, CaseIterable {
        case simMIM = "simmim"
        case mae
        case mocoV3 = "moco_v3"
    }

    var flavour: Flavour
    var optimizer = OptimizerName.adamW
    var baseLearningRate: Double
    /// The batch that the base learning rate is for.
    var referenceBatch: Double
    var beta2 = 0.999
    var weightDecay: Double
    var decayRule: DecayRule
    var epochs: Int
    /// The share of the epochs that is warm-up.
    var warmupShare: Double
    /// Absolute where `referenceBatch` scales nothing, otherwise at the reference batch.
    var warmupStart = 0.0
    var minimum = 0.0
    /// Whether warm-up start and minimum grow with the batch as the learning rate does.
    var scalesEnds = false
    var schedule = ScheduleName.cosine
    /// Whether the cosine begins after the warm-up (timm's `warmup_prefix`).
    var warmupPrefix = true
    /// Steps that the rate lags behind, as in timm's loops.
    var lag = 0
    var holdsForEpoch = false
    var clipGradient: Double?
    var dropPath = 0.0
    var layerDecay = 1.0
    var scalesWholeCurve = false
    var smoothing = 0.0
    var mixup = 0.0
    var cutmix = 0.0

    static func flavours(of method: TrainingMethod) -> [Flavour] {
        switch method {
        case .finetune: [.simMIM, .mae]
        case .linearProbe: [.mocoV3, .mae]
        case .mae: [.mae]
        case .mocoV3: [.mocoV3]
        case .simMIM, .hybrid, .supervised: [.simMIM]
        }
    }

    static func of(_ method: TrainingMethod, _ flavour: Flavour) -> TrainingRecipe {
        switch method {
        case .mocoV3: mocoV3
        case .simMIM: simMIM(epochs: 800, warmup: 10)
        // Park et al. 2023, table A.1, pre-training.
        case .hybrid: simMIM(epochs: 100, warmup: 10)
        case .mae: mae
        case .supervised: supervised
        case .finetune: flavour == .mae ? fineTuningOfMAE : fineTuning
        case .linearProbe: flavour == .mae ? probeOfMAE : probe
        }
    }

    private static let mocoV3 = TrainingRecipe(
        flavour: .mocoV3, baseLearningRate: 1.5e-4, referenceBatch: 256, weightDecay: 0.1, decayRule: .all, epochs: 300,
        warmupShare: 40.0 / 300)

    private static func simMIM(epochs: Int, warmup: Double) -> TrainingRecipe {
        TrainingRecipe(
            flavour: .simMIM, baseLearningRate: 1e-4, referenceBatch: 512, weightDecay: 0.05, decayRule: .simMIM,
            epochs: epochs, warmupShare: warmup / Double(epochs), warmupStart: 5e-7, scalesEnds: true,
            schedule: .multistep, lag: 1, clipGradient: 5, dropPath: 0.1)
    }

    private static let mae = TrainingRecipe(
        flavour: .mae, baseLearningRate: 1.5e-4, referenceBatch: 256, beta2: 0.95, weightDecay: 0.05,
        decayRule: .oneDimensional, epochs: 800, warmupShare: 40.0 / 800)

    /// DeiT's.
    private static let supervised = TrainingRecipe(
        flavour: .simMIM, baseLearningRate: 5e-4, referenceBatch: 512, weightDecay: 0.05, decayRule: .simMIM,
        epochs: 300, warmupShare: 5.0 / 300, warmupStart: 1e-6, minimum: 1e-5, warmupPrefix: false, lag: 1,
        dropPath: 0.1, smoothing: 0.1, mixup: 0.8, cutmix: 1)

    private static let fineTuning = TrainingRecipe(
        flavour: .simMIM, baseLearningRate: 1.25e-3, referenceBatch: 512, weightDecay: 0.05, decayRule: .simMIM,
        epochs: 100, warmupShare: 0.2, warmupStart: 2.5e-7, minimum: 2.5e-7, scalesEnds: true, warmupPrefix: false,
        lag: 1, clipGradient: 5, dropPath: 0.1, layerDecay: 0.65, smoothing: 0.1, mixup: 0.8, cutmix: 1)

    private static let fineTuningOfMAE = TrainingRecipe(
        flavour: .mae, baseLearningRate: 5e-4, referenceBatch: 256, weightDecay: 0.05, decayRule: .simMIM,
        epochs: 100, warmupShare: 0.05, minimum: 1e-6, dropPath: 0.1, layerDecay: 0.65, scalesWholeCurve: true,
        smoothing: 0.1, mixup: 0.8, cutmix: 1)

    private static let probe = TrainingRecipe(
        flavour: .mocoV3, optimizer: .sgd, baseLearningRate: 3, referenceBatch: 256, weightDecay: 0, decayRule: .all,
        epochs: 90, warmupShare: 0, holdsForEpoch: true)

    private static let probeOfMAE = TrainingRecipe(
        flavour: .mae, optimizer: .lars, baseLearningRate: 0.1, referenceBatch: 256, weightDecay: 0, decayRule: .all,
        epochs: 90, warmupShare: 10.0 / 90)
}

/// The optimizers, in JSON's words.
public enum OptimizerName: String, Sendable, CaseIterable {
    case adamW = "adamw"
    case sgd, lars
}

/// The courses of the learning rate, in JSON's words.
public enum ScheduleName: String, Sendable, CaseIterable {
    case cosine, multistep, constant
}
