public import Platform
public import Tensors

/// A rule that moves weights against their gradients.
public enum OptimizerRule: Sendable, Equatable {
    case adamW(AdamWConstants)
    case sgd(momentum: Double, nesterov: Bool)
    case lars(momentum: Double, trustCoefficient: Double)

    /// Whether it keeps a second number a weight.
    public var hasSecondMoment: Bool {
        if case .adamW = self { return true }
        return false
    }
}

/// A rule with its groups, its schedule and what it remembers of the gradients so far.
public struct Optimizer: Sendable {
    public let rule: OptimizerRule
    public let groups: [ParameterGroup]
    public let schedule: LearningRateSchedule
    /// The largest norm of all gradients together; nil without clipping.
    public let clipGradient: Double?
    /// AdamW's first moment, or the momentum buffer.
    public internal(set) var firstMoment: ParameterBuffer
    /// AdamW's second moment.
    public internal(set) var secondMoment: ParameterBuffer?
    private let parameters: [Parameter]

    public init(
        _ rule: OptimizerRule, layout: ParameterLayout, groups: [ParameterGroup], schedule: LearningRateSchedule,
        clipGradient: Double? = nil
    ) {
        self.rule = rule
        self.groups = groups
        self.schedule = schedule
        self.clipGradient = clipGradient
        firstMoment = ParameterBuffer(layout)
        secondMoment = rule.hasSecondMoment ? ParameterBuffer(layout) : nil
        parameters = groups.flatMap(\.parameters).sorted { $0.offset < $1.offset }
    }

    /// The norm of all gradients together.
    public func gradientNorm(_ gradients: ParameterBuffer, pool: ThreadPool) -> Double {
        gradients.norm(of: parameters, pool: pool)
    }

    /// What gradients of norm `norm` are multiplied by: min(1, clip / (norm + 1e-6)), as PyTorch's `clip_grad_norm_`.
    public func clipFactor(norm: Double) -> Double {
        guard let clipGradient else { return 1 }
        return min(1, clipGradient / (norm + 1e-6))
    }

    /// The rate of a group without a scale at `step`, for people to read.
    public func learningRate(at step: Int) -> Double { schedule.learningRate(at: step) }

    /// Moves `weights` against `gradients`.
    ///
    /// - Parameters:
    ///   - step: counted from 0.
    ///   - norm: of all gradients, as `gradientNorm` gives it.
    public mutating func step(
        _ step: Int, weights: inout ParameterBuffer, gradients: ParameterBuffer, norm: Double, pool: ThreadPool
    ) {
        let factor = clipFactor(norm: norm)
        let updates = groups.flatMap { group in
            let rate = schedule.learningRate(
                at: step, scale: group.learningRateScale, scalesWholeCurve: group.scalesWholeCurve)
            return group.parameters.map {
                ParameterUpdate($0, learningRate: rate, weightDecay: group.weightDecay)
            }
        }
        switch rule {
        case .adamW(let constants):
            guard var second = secondMoment.take() else { preconditionFailure("AdamW without its second moment") }
            weights.adamW(
                updates, gradients: gradients, firstMoment: &firstMoment, secondMoment: &second, constants: constants,
                step: step + 1, gradientScale: factor, pool: pool)
            secondMoment = second
        case .sgd(let momentum, let nesterov):
            weights.sgd(
                updates, gradients: gradients, buffer: &firstMoment, momentum: momentum, nesterov: nesterov,
                gradientScale: factor, pool: pool)
        case .lars(let momentum, let trustCoefficient):
            weights.lars(
                updates, gradients: gradients, buffer: &firstMoment, momentum: momentum,
                trustCoefficient: trustCoefficient, gradientScale: factor, pool: pool)
        }
    }
}
