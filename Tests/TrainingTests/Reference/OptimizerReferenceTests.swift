import Platform
import Tensors
import Testing
import Training

/// Five steps of each rule against PyTorch in double precision, under gradients that fall by seven orders of magnitude;
/// figures by Tests/Fixtures/training/make.py.
@Suite struct OptimizerReferenceTests {
    let pool = ThreadPool(threads: 2)

    @Test(
        arguments: [
            "adamw", "adamw_vector", "sgd", "sgd_nesterov", "sgd_plain", "lars", "lars_vector", "lars_zero",
        ])
    func trajectoryAgreesWithPyTorch(name: String) throws {
        let file = try ReferenceFile("optimizers")
        let settings = try #require(try ReferenceSettings.read().optimizers[name])
        let start = try file.tensor("\(name)/weight")
        var layout = ParameterLayout()
        let parameter = layout.add("weight", start.shape)
        var weights = ParameterBuffer(layout), gradients = ParameterBuffer(layout)
        weights.set(parameter, to: start)
        let schedule = LearningRateSchedule(.constant, peak: settings.lr, totalSteps: 5)
        var optimizer = Optimizer(
            rule(settings), layout: layout,
            groups: [ParameterGroup([parameter], weightDecay: settings.weightDecay)], schedule: schedule)
        let given = try file.tensor("\(name)/gradients"), expected = try file.tensor("\(name)/weights")
        for step in 0..<5 {
            gradients.set(parameter, to: given.rows(step..<step + 1).reshaped(start.shape))
            optimizer.step(
                step, weights: &weights, gradients: gradients,
                norm: optimizer.gradientNorm(gradients, pool: pool), pool: pool)
            let error = weights.tensor(parameter).relativeError(expected.rows(step..<step + 1))
            #expect(error < 1e-6, "\(name) after step \(step): \(error)")
        }
    }

    private func rule(_ settings: ReferenceSettings.Rule) -> OptimizerRule {
        if let beta1 = settings.beta1, let beta2 = settings.beta2, let eps = settings.eps {
            return .adamW(AdamWConstants(beta1: beta1, beta2: beta2, eps: eps))
        }
        let momentum = settings.momentum ?? 0
        if let trustCoefficient = settings.trustCoefficient {
            return .lars(momentum: momentum, trustCoefficient: trustCoefficient)
        }
        return .sgd(momentum: momentum, nesterov: settings.nesterov ?? false)
    }
}
