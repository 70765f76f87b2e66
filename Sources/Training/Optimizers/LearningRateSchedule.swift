import Glibc

/// The learning rate as a pure function of the step, so that resuming needs no state.
public struct LearningRateSchedule: Sendable, Equatable {
    /// What comes after the warm-up.
    public enum Shape: Sendable, Equatable {
        case constant
        /// Half a cosine down to the minimum. `countsWarmup` as timm does: the cosine runs over all steps and the
        /// warm-up hides its beginning; without it over the steps after the warm-up, as MoCo v3 and MAE do.
        case cosine(countsWarmup: Bool)
        /// Multiplied by `gamma` at each of these steps (SimMIM).
        case multistep(milestones: [Int], gamma: Double)
    }

    public var shape: Shape
    /// The rate at the end of the warm-up.
    public var peak: Double
    /// The rate at the end of a cosine.
    public var minimum = 0.0
    /// The rate of the first step of a warm-up.
    public var warmupStart = 0.0
    public var warmupSteps = 0
    public var totalSteps: Int
    /// Steps that share a rate: those of an epoch where the recipe changes it once an epoch.
    public var holdSteps = 1
    /// Steps that the rate lags behind: 1 in timm's loops, where the scheduler is stepped after the optimizer with the
    /// index of the finished step.
    public var lag = 0

    public init(_ shape: Shape, peak: Double, totalSteps: Int) {
        self.shape = shape
        self.peak = peak
        self.totalSteps = totalSteps
    }

    /// The rate of step `step`, counted from 0.
    ///
    /// - Parameters:
    ///   - scale: of the group's rate.
    ///   - scalesWholeCurve: whether the scale multiplies warm-up and minimum too (MAE) or the peak alone (timm).
    public func learningRate(at step: Int, scale: Double = 1, scalesWholeCurve: Bool = true) -> Double {
        let held = max(0, step - lag) / max(1, holdSteps) * max(1, holdSteps)
        return learningRate(atPosition: Double(held), scale: scale, scalesWholeCurve: scalesWholeCurve)
    }

    /// The rate at a step with a fraction, without `holdSteps` and `lag`.
    func learningRate(atPosition position: Double, scale: Double = 1, scalesWholeCurve: Bool = true) -> Double {
        guard !scalesWholeCurve else { return scale * learningRate(atPosition: position, peak: peak) }
        return learningRate(atPosition: position, peak: peak * scale)
    }

    private func learningRate(atPosition position: Double, peak: Double) -> Double {
        let warmup = Double(warmupSteps)
        if position < warmup { return warmupStart + position * (peak - warmupStart) / warmup }
        switch shape {
        case .constant: return peak
        case .cosine(let countsWarmup):
            let (start, end) = (countsWarmup ? 0 : warmup, Double(totalSteps))
            let progress = end > start ? min(1, (position - start) / (end - start)) : 1
            return minimum + 0.5 * (peak - minimum) * (1 + cos(.pi * progress))
        case .multistep(let milestones, let gamma):
            return peak * pow(gamma, Double(milestones.count { Double($0) <= position }))
        }
    }
}
