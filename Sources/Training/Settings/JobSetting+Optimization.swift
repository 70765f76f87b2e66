/// How the weights move. What a job leaves out, the recipe of its method decides.
extension JobSetting {
    static let optimizer = choice("optimizer", OptimizerName.self, "The rule that moves the weights.")
    static let betas = JobSetting(
        "betas", .numbers(count: 2...2, 0...0.999_999), "Decay of AdamW's two moments.")
    static let eps = number("eps", 1e-20...1, default: 1e-8, "AdamW's term against a division by zero.")
    static let momentum = number("momentum", 0...0.999_999, default: 0.9, "Momentum of sgd and lars.")
    static let nesterov = bool("nesterov", default: false, "Whether sgd looks ahead (Nesterov).")
    static let trustCoefficient = number(
        "trust_coefficient", 1e-9...1000, default: 0.001, "The share of a weight's length that a step of lars may have."
    )
    static let lr = number("lr", 0...1000, "The highest learning rate, whatever the batch.")
    static let baseLR = number(
        "base_lr", 0...1000, "The learning rate at the recipe's reference batch; it grows with the images of a step.")
    static let minLR = number("min_lr", 0...1000, "The learning rate at the end.")
    static let warmupEpochs = number("warmup_epochs", 0...1_000_000, "Epochs in which the learning rate rises.")
    static let warmupLR = number("warmup_lr", 0...1000, "The learning rate at the very beginning.")
    static let schedule = choice("schedule", ScheduleName.self, "The course of the learning rate after the warm-up.")
    static let milestones = JobSetting(
        "milestones", .numbers(count: 0...100, 0...1_000_000), "Epochs at which a multistep schedule falls.")
    static let gamma = number("gamma", 0...1, default: 0.1, "The factor by which a multistep schedule falls.")
    static let warmupPrefix = bool("warmup_prefix", "Whether the cosine begins after the warm-up, or counts it.")
    static let weightDecay = number("weight_decay", 0...100, "Decoupled weight decay.")
    static let noWeightDecay = choice("no_weight_decay", DecayRule.self, "Which parameters do not decay.")
    static let layerDecay = number(
        "layer_decay", 0.01...1, "The factor of the learning rate from block to block, backwards.")
    static let clipGrad = number(
        "clip_grad", 0...1e6, "The largest length of the gradient; leave it out for the recipe's.")

    static let optimization: [JobSetting] = [
        optimizer, betas, eps, momentum, nesterov, trustCoefficient, lr, baseLR, minLR, warmupEpochs, warmupLR,
        schedule,
        milestones, gamma, warmupPrefix, weightDecay, noWeightDecay, layerDecay, clipGrad,
    ]
}
