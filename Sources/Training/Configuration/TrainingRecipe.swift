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
    /// The share of the epochs in which the learning rate rises.
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
