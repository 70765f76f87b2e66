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
    init(_ reader: JSONReader, recipe: TrainingRecipe, epochs: Int, images: Int) {
        self.recipe = recipe
        rule = Self.readRule(reader, recipe)
        let factor = Double(images) / recipe.referenceBatch
        if reader.has(.lr), reader.has(.baseLR) {
            reader.fault(.baseLR, "Give lr, which is absolute, or base_lr, which grows with the batch; not both.")
        }
        if reader.has(.lr) {
            learningRate = reader.number(.lr, default: 0)
            _ = reader.optionalNumber(.baseLR)
        } else {
            let base = reader.number(.baseLR, default: recipe.baseLearningRate)
            learningRate = base * factor
            _ = reader.value(.lr)
        }
        let ends = recipe.scalesEnds ? factor : 1
        // A recipe's own ends never contradict a rate that somebody chose.
        minLearningRate = reader.number(.minLR, default: min(recipe.minimum * ends, learningRate))
        if minLearningRate > learningRate {
            reader.fault(.minLR, "min_lr \(minLearningRate) lies above the learning rate \(learningRate).")
        }
        warmupEpochs = reader.number(.warmupEpochs, default: recipe.warmupShare * Double(epochs))
        if warmupEpochs > Double(epochs) {
            reader.fault(.warmupEpochs, "warmup_epochs is \(warmupEpochs), more than the \(epochs) epochs there are.")
        }
        warmupLearningRate = reader.number(.warmupLR, default: min(recipe.warmupStart * ends, learningRate))
        schedule = reader.choice(.schedule, default: recipe.schedule)
        (milestones, gamma) = Self.readMilestones(reader, schedule, epochs: epochs)
        if schedule == .cosine {
            warmupPrefix = reader.bool(.warmupPrefix, default: recipe.warmupPrefix)
        } else {
            if reader.value(.warmupPrefix) != nil {
                reader.fault(
                    .warmupPrefix, "warmup_prefix belongs to the schedule cosine, not to \(schedule.rawValue).")
            }
            warmupPrefix = recipe.warmupPrefix
        }
        weightDecay = reader.number(.weightDecay, default: recipe.weightDecay)
        decayRule = reader.choice(.noWeightDecay, default: recipe.decayRule)
        layerDecay = reader.number(.layerDecay, default: recipe.layerDecay)
        if reader.has(.clipGrad) {
            let clip = reader.optionalNumber(.clipGrad)
            if clip == 0 {
                reader.fault(.clipGrad, "clip_grad 0 would stop everything; leave it out for no clipping.")
            }
            clipGradient = clip
        } else {
            _ = reader.value(.clipGrad)
            clipGradient = recipe.clipGradient
            reader.record(.clipGrad, recipe.clipGradient.map { .double($0) } ?? .null)
        }
    }

    private static func readRule(_ reader: JSONReader, _ recipe: TrainingRecipe) -> OptimizerRule {
        let name = reader.choice(.optimizer, default: recipe.optimizer)
        func refuse(_ settings: [JobSetting], of owner: String) {
            for setting in settings where reader.value(setting) != nil {
                reader.fault(setting, "\(setting.name) belongs to \(owner), not to \(name.rawValue).")
            }
        }
        switch name {
        case .adamW:
            refuse([.momentum, .nesterov, .trustCoefficient], of: "sgd and lars")
            let betas = reader.numbers(.betas) ?? [0.9, recipe.beta2]
            reader.record(.betas, .list(betas.map { .double($0) }))
            let eps = reader.number(.eps)
            return .adamW(AdamWConstants(beta1: betas[0], beta2: betas[1], eps: eps))
        case .sgd:
            refuse([.betas, .eps], of: "adamw")
            refuse([.trustCoefficient], of: "lars")
            let momentum = reader.number(.momentum)
            return .sgd(momentum: momentum, nesterov: reader.bool(.nesterov))
        case .lars:
            refuse([.betas, .eps], of: "adamw")
            refuse([.nesterov], of: "sgd")
            let momentum = reader.number(.momentum)
            return .lars(
                momentum: momentum,
                trustCoefficient: reader.number(.trustCoefficient))
        }
    }

    private static func readMilestones(
        _ reader: JSONReader, _ schedule: ScheduleName, epochs: Int
    ) -> ([Double], Double) {
        guard schedule == .multistep else {
            for setting in [JobSetting.milestones, .gamma] where reader.value(setting) != nil {
                reader.fault(
                    setting, "\(setting.name) belongs to the schedule multistep, not to \(schedule.rawValue).")
            }
            return ([], 0.1)
        }
        // SimMIM falls at epoch 700 of 800.
        let found = reader.numbers(.milestones)
        let milestones = found ?? [0.875 * Double(epochs)]
        if milestones != milestones.sorted() { reader.fault(.milestones, "milestones must rise.") }
        if let last = found?.last, last >= Double(epochs) {
            reader.fault(.milestones, "The milestone \(last) lies behind the last of \(epochs) epochs.")
        }
        reader.record(.milestones, .list(milestones.map { .double($0) }))
        return (milestones, reader.number(.gamma))
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
