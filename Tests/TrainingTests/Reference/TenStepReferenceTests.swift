import TestSupport
import Platform
import Tensors
import Testing
import Training

/// Ten steps of AdamW on two batches in turn against PyTorch in double precision: objective, decay rules, layer-wise
/// decay, clipping, schedule, optimizer and momentum encoder together. Figures by Tests/Fixtures/training/make.py.
@Suite struct TenStepReferenceTests {
    let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }

    init() { NumericLibraries.prepareThread() }

    @Test(arguments: ObjectiveReferenceTests.names) func groupsAreThoseOfTheRecipe(name: String) throws {
        let reference = try ReferenceCase(name), optimizer = reference.optimizer()
        for (step, rate) in reference.settings.learningRates.enumerated() {
            #expect(relativeError(optimizer.learningRate(at: step), rate) < 1e-12)
        }
        var wanted: [String: ReferenceSettings.Group] = [:]
        for group in reference.settings.groups { for name in group.names { wanted[name] = group } }
        let parameters = optimizer.groups.flatMap(\.parameters)
        #expect(parameters.count == wanted.count)
        for group in optimizer.groups {
            for parameter in group.parameters {
                let expected = try #require(wanted[parameter.name])
                #expect(group.weightDecay == expected.weightDecay, "\(parameter.name)")
                #expect(relativeError(group.learningRateScale, expected.lrScale) < 1e-12, "\(parameter.name)")
            }
        }
    }

    @Test(arguments: ObjectiveReferenceTests.names) func tenLosses(name: String) throws {
        let reference = try ReferenceCase(name), objective = reference.objective
        let wanted = try reference.file.tensor("losses").array
        let batches = [try reference.batch(0), try reference.batch(1)]
        var state = try reference.state(), optimizer = reference.optimizer()
        var gradients = ParameterBuffer(objective.layout)
        for step in 0..<10 {
            gradients.zero()
            let metrics = objective.step(
                batches[step % 2], state: &state, gradients: &gradients, reference.context(step: step, pool: pool))
            let error = relativeError(try #require(metrics.first).value, Double(wanted[step]))
            #expect(error < 1e-4, "step \(step): \(error)")
            optimizer.step(
                step, weights: &state.weights, gradients: gradients,
                norm: optimizer.gradientNorm(gradients, pool: pool), pool: pool)
        }
        try expectFrozen(state, reference)
        try expectMomentum(state, reference)
    }

    /// The momentum encoder after ten steps, but for what has no gradient in exact arithmetic: AdamW makes whole steps of
    /// the rounding there, in a direction that no loss depends on.
    private func expectMomentum(_ state: NetworkState, _ reference: ReferenceCase) throws {
        let width = reference.settings.vit.embedDim
        for parameter in state.momentumWeights?.layout.parameters ?? []
        where !reference.settings.zeroGradients.contains(parameter.name) {
            let wanted = try reference.file.tensor("momentum_final/\(parameter.name)")
            let found = try #require(state.momentumWeights).tensor(parameter)
            let isFused = parameter.name.hasSuffix("attn.qkv.bias")
            for rows in isFused ? [0..<width, 2 * width..<3 * width] : [0..<parameter.shape[0]] {
                let error = found.rows(rows).relativeError(wanted.rows(rows))
                #expect(error < 3e-5, "momentum_final/\(parameter.name): \(error)")
            }
        }
    }

    /// What is frozen has not moved by a bit; the key's bias is exactly zero where the encoder has none.
    private func expectFrozen(_ state: NetworkState, _ reference: ReferenceCase) throws {
        let width = reference.settings.vit.embedDim
        for parameter in state.weights.layout.parameters {
            let found = state.weights.tensor(parameter).array
            if reference.settings.frozen.contains(parameter.name) {
                #expect(try found == reference.file.tensor("weights/\(parameter.name)").array, "\(parameter.name)")
            }
            if reference.settings.vit.relPos != "none", parameter.name.hasSuffix("attn.qkv.bias") {
                #expect(found[width..<2 * width].everyOne { $0 == 0 }, "\(parameter.name)")
            }
        }
    }
}
