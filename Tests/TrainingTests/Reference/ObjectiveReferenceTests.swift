import Models
import Platform
import Tensors
import Testing
import Training

/// The first step of every objective against PyTorch in double precision: same weights, same views, same masks. Figures
/// by Tests/Fixtures/training/make.py.
@Suite struct ObjectiveReferenceTests {
    static let names = ["moco_v3", "simmim", "mae", "hybrid", "finetune", "supervised"]
    let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }

    init() { NumericLibraries.prepareThread() }

    @Test(arguments: names) func parametersAreThePublishedOnes(name: String) throws {
        let reference = try ReferenceCase(name), objective = reference.objective
        func check(_ layout: ParameterLayout?, _ group: String) {
            let expected = reference.file.group(group), parameters = layout?.parameters ?? []
            #expect(Set(parameters.map(\.name)) == Set(expected.keys), "\(group)")
            for parameter in parameters { #expect(parameter.shape == expected[parameter.name]?.shape) }
        }
        check(objective.layout, "weights")
        check(objective.buffers, "buffers")
        check(objective.momentumLayout, "momentum")
        check(objective.momentumBuffersLayout, "momentum_buffers")
        #expect(objective.frozen == Set(reference.settings.frozen))
    }

    @Test(arguments: names) func lossAndEveryGradient(name: String) throws {
        let reference = try ReferenceCase(name)
        var state = try reference.state()
        var gradients = ParameterBuffer(reference.objective.layout)
        let metrics = reference.objective.step(
            try reference.batch(0), state: &state, gradients: &gradients, reference.context(step: 0, pool: pool))
        #expect(metrics.first?.key == "loss")
        try expect(metrics, reference)
        try expect(gradients, reference)
    }

    /// The loss and those of its parts that the objective reports.
    private func expect(_ metrics: [Metric], _ reference: ReferenceCase) throws {
        for metric in metrics where metric.key != "accuracy" {
            let name = metric.key == "loss" ? "loss" : "loss_parts/\(metric.key)"
            let error = relativeError(metric.value, try reference.file.number(name))
            #expect(error < 1e-4, "\(metric.key): \(error)")
        }
        if reference.name == "hybrid" {
            #expect(Set(metrics.map(\.key)).isSuperset(of: ["loss_moco", "loss_simmim", "gradient_cosine"]))
        }
    }

    private func expect(_ gradients: ParameterBuffer, _ reference: ReferenceCase) throws {
        let expected = reference.file.group("gradients")
        let whole = expected.values.reduce(0) { $0 + $1.norm * $1.norm }.squareRoot()
        let trained = gradients.layout.parameters.filter { !reference.objective.frozen.contains($0.name) }
        #expect(Set(trained.map(\.name)) == Set(expected.keys))
        for parameter in trained {
            let found = gradients.tensor(parameter), wanted = try #require(expected[parameter.name])
            if reference.settings.zeroGradients.contains(parameter.name) {
                // Only rounding is left where terms cancel exactly.
                #expect(found.norm < 1e-5 * whole, "\(parameter.name): \(found.norm) of \(whole)")
            } else {
                let error = found.relativeError(wanted)
                #expect(error < 1e-4, "\(parameter.name): \(error)")
            }
        }
    }

    @Test(arguments: names) func stateAfterTheStep(name: String) throws {
        let reference = try ReferenceCase(name)
        var state = try reference.state()
        let before = state
        var gradients = ParameterBuffer(reference.objective.layout)
        _ = reference.objective.step(
            try reference.batch(0), state: &state, gradients: &gradients, reference.context(step: 0, pool: pool))
        for (buffer, group, tolerance) in [
            (state.buffers, "buffers_after", 1e-5), (state.momentumBuffers, "momentum_buffers_after", 1e-5),
            (state.momentumWeights, "momentum_after", 1e-6),
        ] {
            for parameter in buffer?.layout.parameters ?? [] {
                let wanted = try reference.file.tensor("\(group)/\(parameter.name)")
                let error = try #require(buffer).tensor(parameter).relativeError(wanted)
                #expect(error < tolerance, "\(group)/\(parameter.name): \(error)")
            }
        }
        for parameter in state.weights.layout.parameters {
            #expect(state.weights.tensor(parameter).array == before.weights.tensor(parameter).array)
        }
    }

    /// Two halves of an accumulated step add up to the whole, and the momentum encoder moves with the first alone.
    @Test(arguments: names) func partsAccumulate(name: String) throws {
        let reference = try ReferenceCase(name), batch = try reference.batch(0)
        var state = try reference.state()
        var gradients = ParameterBuffer(reference.objective.layout)
        for part in 0..<2 {
            _ = reference.objective.step(
                batch, state: &state, gradients: &gradients,
                reference.context(step: 0, part: part, gradientScale: 0.5, pool: pool))
        }
        try expect(gradients, reference)
        for parameter in state.momentumWeights?.layout.parameters ?? [] {
            let wanted = try reference.file.tensor("momentum_after/\(parameter.name)")
            #expect(try #require(state.momentumWeights).tensor(parameter).relativeError(wanted) < 1e-6)
        }
    }

    @Test(arguments: ["moco_v3", "mae"]) func fixedPositionTables(name: String) throws {
        let reference = try ReferenceCase(name), objective = reference.objective
        let state = objective.initialState(seed: 1)
        for parameter in objective.layout.parameters where parameter.name.hasSuffix("pos_embed") {
            let wanted = try reference.file.tensor("weights/\(parameter.name)")
            #expect(state.weights.tensor(parameter).relativeError(wanted) < 1e-6, "\(parameter.name)")
        }
    }

    @Test func plainPixelsForMAE() throws {
        let reference = try ReferenceCase("mae")
        let objective = ReferenceCase.objective("mae", reference.settings, lambda: 0, normPixLoss: false)
        var state = try reference.state(), gradients = ParameterBuffer(objective.layout)
        let metrics = objective.step(
            try reference.batch(0), state: &state, gradients: &gradients, reference.context(step: 0, pool: pool))
        let wanted = try reference.file.number("loss_parts/loss_plain")
        #expect(relativeError(try #require(metrics.first).value, wanted) < 1e-4)
    }

    /// λ = 0 is SimMIM and λ = 1 is MoCo v3, to the last bit of loss and gradients.
    @Test(arguments: [0.0, 1.0]) func endsOfTheHybridArePure(lambda: Double) throws {
        let reference = try ReferenceCase("hybrid"), batch = try reference.batch(0)
        let hybrid = ReferenceCase.objective("hybrid", reference.settings, lambda: lambda)
        let pure: any Objective
        if lambda == 0 {
            pure = ReferenceCase.objective("simmim", reference.settings, lambda: 0)
        } else {
            let moco = try #require(reference.settings.moco)
            pure = MoCoV3(
                vit: ViTRecipe(reference.settings.vit.config),
                config: MoCoV3Config(dim: moco.dim, mlpDim: moco.mlpDim, stopGradConv1: moco.stopGradConv1))
        }
        func step(_ objective: any Objective) throws -> (loss: Double?, gradients: ParameterBuffer) {
            var state = try reference.state(of: objective), gradients = ParameterBuffer(objective.layout)
            let metrics = objective.step(
                batch, state: &state, gradients: &gradients, reference.context(step: 0, pool: pool))
            return (metrics.first?.value, gradients)
        }
        let mixed = try step(hybrid), alone = try step(pure)
        #expect(mixed.loss == alone.loss)
        let places = Dictionary(uniqueKeysWithValues: hybrid.layout.parameters.map { ($0.name, $0) })
        for parameter in pure.layout.parameters {
            let place = try #require(places[parameter.name])
            #expect(mixed.gradients.tensor(place).array == alone.gradients.tensor(parameter).array)
        }
    }
}
