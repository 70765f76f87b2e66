import JSON
import Platform
import Tensors

/// Optimizer, learning rate and regularization of a run, resolved.
public struct OptimizationSettings: Sendable {
    public let rule: OptimizerRule
    /// Absolute: the base rate times the images of a step over the recipe's reference batch.
    public let learningRate: Double
    public let minLearningRate: Double
    public let warmupLearningRate: Double
    /// May have a fraction.
    public let warmupEpochs: Double
    public let schedule: ScheduleName
    /// Epochs at which a multistep schedule falls.
    public let milestones: [Double]
    public let gamma: Double
    /// Whether the cosine begins after the warm-up.
    public let warmupPrefix: Bool
    public let weightDecay: Double
    public let decayRule: DecayRule
    public let layerDecay: Double
    public let clipGradient: Double?
    let recipe: TrainingRecipe

    /// Reads the settings; faults go to the reader.
    init(_ reader: JSONReader, recipe: TrainingRecipe, method: TrainingMethod, epochs: Int, images: Int) {
        self.recipe = recipe
        rule = Self.readRule(reader, recipe)
        let factor = Double(images) / recipe.referenceBatch
        if reader.has("lr"), reader.has("base_lr") {
            reader.fault("base_lr", "Give lr, which is absolute, or base_lr, which grows with the batch; not both.")
        }
        if reader.has("lr") {
            learningRate = reader.number("lr", default: 0, in: 0...1000)
            _ = reader.optionalNumber("base_lr", in: 0...1000)
        } else {
            let base = reader.number("base_lr", default: recipe.baseLearningRate, in: 0...1000)
            learningRate = base * factor
            _ = reader.value("lr")
        }
        let ends = recipe.scalesEnds ? factor : 1
        // A recipe's own ends never contradict a rate that somebody chose.
        minLearningRate = reader.number("min_lr", default: min(recipe.minimum * ends, learningRate), in: 0...1000)
        if minLearningRate > learningRate {
            reader.fault("min_lr", "min_lr \(minLearningRate) lies above the learning rate \(learningRate).")
        }
        warmupEpochs = reader.number(
            "warmup_epochs", default: recipe.warmupShare * Double(epochs), in: 0...1_000_000)
        if warmupEpochs > Double(epochs) {
            reader.fault("warmup_epochs", "warmup_epochs is \(warmupEpochs), more than the \(epochs) epochs there are.")
        }
        warmupLearningRate = reader.number(
            "warmup_lr", default: min(recipe.warmupStart * ends, learningRate), in: 0...1000)
        schedule = reader.choice("schedule", default: recipe.schedule)
        (milestones, gamma) = Self.readMilestones(reader, schedule, epochs: epochs)
        if schedule == .cosine {
            warmupPrefix = reader.bool("warmup_prefix", default: recipe.warmupPrefix)
        } else {
            if reader.value("warmup_prefix") != nil {
                reader.fault(
                    "warmup_prefix", "warmup_prefix belongs to the schedule cosine, not to \(schedule.rawValue).")
            }
            warmupPrefix = recipe.warmupPrefix
        }
        weightDecay = reader.number("weight_decay", default: recipe.weightDecay, in: 0...100)
        decayRule = reader.choice("no_weight_decay", default: recipe.decayRule)
        layerDecay = reader.number("layer_decay", default: recipe.layerDecay, in: 0.01...1)
        if method == .linearProbe, layerDecay != 1 {
            reader.fault("layer_decay", "A linear probe trains no layer, so layer_decay has nothing to scale.")
        }
        if reader.has("clip_grad") {
            let clip = reader.optionalNumber("clip_grad", in: 0...1e6)
            if clip == 0 {
                reader.fault("clip_grad", "clip_grad 0 would stop everything; leave it out for no clipping.")
            }
            clipGradient = clip
        } else {
            _ = reader.value("clip_grad")
            clipGradient = recipe.clipGradient
            reader.record("clip_grad", recipe.clipGradient.map { .double($0) } ?? .null)
        }
    }

    private static func readRule(_ reader: JSONReader, _ recipe: TrainingRecipe) -> OptimizerRule {
        let name = reader.choice("optimizer", default: recipe.optimizer)
        func refuse(_ keys: [String], of owner: String) {
            for key in keys where reader.has(key) {
                reader.fault(key, "\(key) belongs to \(owner), not to \(name.rawValue).")
            }
            for key in keys { _ = reader.value(key) }
        }
        switch name {
        case .adamW:
            refuse(["momentum", "nesterov", "trust_coefficient"], of: "sgd and lars")
            let betas = reader.numbers("betas", count: 2...2, in: 0...0.999_999) ?? [0.9, recipe.beta2]
            reader.record("betas", .list(betas.map { .double($0) }))
            let eps = reader.number("eps", default: 1e-8, in: 1e-20...1)
            return .adamW(AdamWConstants(beta1: betas[0], beta2: betas[1], eps: eps))
        case .sgd:
            refuse(["betas", "eps"], of: "adamw")
            refuse(["trust_coefficient"], of: "lars")
            let momentum = reader.number("momentum", default: 0.9, in: 0...0.999_999)
            return .sgd(momentum: momentum, nesterov: reader.bool("nesterov", default: false))
        case .lars:
            refuse(["betas", "eps"], of: "adamw")
            refuse(["nesterov"], of: "sgd")
            let momentum = reader.number("momentum", default: 0.9, in: 0...0.999_999)
            return .lars(
                momentum: momentum,
                trustCoefficient: reader.number("trust_coefficient", default: 0.001, in: 1e-9...1000))
        }
    }

    private static func readMilestones(
        _ reader: JSONReader, _ schedule: ScheduleName, epochs: Int
    ) -> ([Double], Double) {
        guard schedule == .multistep else {
            for key in ["milestones", "gamma"] {
                if reader.has(key) {
                    reader.fault(key, "\(key) belongs to the schedule multistep, not to \(schedule.rawValue).")
                }
                _ = reader.value(key)
            }
            return ([], 0.1)
        }
        // SimMIM falls at epoch 700 of 800.
        let found = reader.numbers("milestones", count: 0...100, in: 0...1_000_000)
        let milestones = found ?? [0.875 * Double(epochs)]
        if milestones != milestones.sorted() { reader.fault("milestones", "milestones must rise.") }
        if let last = found?.last, last >= Double(epochs) {
            reader.fault("milestones", "The milestone \(last) lies behind the last of \(epochs) epochs.")
        }
        reader.record("milestones", .list(milestones.map { .double($0) }))
        return (milestones, reader.number("gamma", default: 0.1, in: 0...1))
    }

    /// The course of the learning rate for epochs of `stepsPerEpoch`.
    public func learningRateSchedule(stepsPerEpoch: Int, epochs: Int) -> LearningRateSchedule {
        let shape: LearningRateSchedule.Shape =
            switch schedule {
            case .constant: .constant
            case .cosine: .cosine(countsWarmup: !warmupPrefix)
            case .multistep:
                .multistep(
                    milestones: milestones.map { Self.steps($0, stepsPerEpoch) }, gamma: gamma)
            }
        var result = LearningRateSchedule(shape, peak: learningRate, totalSteps: stepsPerEpoch * epochs)
        result.minimum = minLearningRate
        result.warmupStart = warmupLearningRate
        result.warmupSteps = Self.steps(warmupEpochs, stepsPerEpoch)
        result.holdSteps = recipe.holdsForEpoch ? stepsPerEpoch : 1
        result.lag = recipe.lag
        return result
    }

    private static func steps(_ epochs: Double, _ stepsPerEpoch: Int) -> Int {
        Int(rounding: epochs * Double(stepsPerEpoch), .toNearestOrAwayFromZero, into: 0...Int.max) ?? 0
    }
}
