import TestSupport
import Checkpoints
import Foundation
import JSON
import Models
import Platform
import Tensors
import Testing
import Training

@Suite struct TrainerTests {
    func weights(_ trainer: Trainer) -> [String: [Float]] {
        let buffer = trainer.snapshot.model.weights
        return Dictionary(uniqueKeysWithValues: buffer.layout.parameters.map { ($0.name, buffer.tensor($0).array) })
    }

    /// The mean of two equal gradients is that gradient, but for the order of sums.
    @Test func accumulatedBatchesMakeOneStep() throws {
        var run = TinyRun("simmim", #""warmup_lr": 0.01"#)
        run.body = run.body.replacingOccurrences(of: "\"drop_path\": 0.2", with: "\"drop_path\": 0")
        var one = try run.trainer()
        run.body = run.body.replacingOccurrences(of: "\"epochs\"", with: "\"accumulation_steps\": 2, \"epochs\"")
        var two = try run.trainer()
        var parts: [Int] = []
        for _ in 0..<3 {
            let expected = try one.step { step, _ in run.batch(step, 0, views: 1) }
            let found = try two.step { step, part in
                parts.append(part)
                return run.batch(step, 0, views: 1)
            }
            #expect(found.map(\.key) == expected.map(\.key))
            for (found, expected) in zip(found, expected) {
                #expect(abs(found.value - expected.value) < 1e-4 * abs(expected.value), "\(found.key)")
            }
        }
        #expect(parts == [0, 1, 0, 1, 0, 1])
    }

    @Test func frozenPartsStayAndOthersMove() throws {
        let run = TinyRun("moco_v3")
        var trainer = try run.trainer()
        let before = weights(trainer)
        for _ in 0..<3 { _ = try trainer.step { step, part in run.batch(step, part, views: 2) } }
        let after = weights(trainer)
        for (name, numbers) in before {
            let stays = name == "pos_embed" || name.hasPrefix("patch_embed.")
            #expect((after[name] == numbers) == stays, "\(name)")
        }
    }

    @Test func weightsThatAreNoNumbersAreNotSaved() throws {
        let folder = RunFolder()
        let run = TinyRun("simmim")
        let configuration = try run.configuration()
        let objective = try configuration.makeObjective(try #require(configuration.vit))
        var state = objective.initialState(seed: 1)
        let spoiled = objective.layout.parameters[0]
        state.weights.set(
            spoiled, to: Tensor(shape: spoiled.shape, [Float](repeating: .infinity, count: spoiled.count)))
        var trainer = Trainer(
            objective: objective, optimizer: configuration.makeOptimizer(for: objective, stepsPerEpoch: 4),
            plan: configuration.makePlan(
                stepsPerEpoch: 4, identity: run.identity, vit: try #require(configuration.vit)),
            model: state, pool: run.pool)
        let directory = try RunDirectory(folder.path)
        _ = try directory.enter(configuration, identity: run.identity, allowInexact: false)
        let stop = StopFlag()
        stop.raise()
        #expect(throws: TrainingError.notFinite(what: "weights", step: 0)) {
            try trainer.run(in: directory, batches: { _ in { _, _ in Batch(views: []) } }, stop: stop) { _ in }
        }
        #expect(folder.checkpoints.isEmpty)
    }

    /// Each loss has gradients of its own beside the sum, but only where both count.
    @Test func hybridKeepsThreeGradients() throws {
        func buffers(_ method: String, _ more: String = "") throws -> Int {
            let configuration = try TinyRun(method, more).configuration()
            let objective = try configuration.makeObjective(try #require(configuration.vit))
            return configuration.cost(of: objective).gradientBytes / (objective.layout.count * 4)
        }
        #expect(try buffers("hybrid") == 3)
        #expect(try buffers("hybrid", #""hybrid": {"lambda": 0}"#) == 1)
        #expect(try buffers("hybrid", #""hybrid": {"lambda": 1}"#) == 1)
        #expect(try buffers("moco_v3") == 1)
    }

    @Test func trainingLowersTheLoss() throws {
        for (method, views) in [("supervised", 1), ("simmim", 1), ("mae", 1)] {
            let run = TinyRun(method, #""augmentation": {"flip": 0}"#)
            var trainer = try run.trainer()
            var losses: [Double] = []
            // The same images each time, so that falling is learning.
            for _ in 0..<12 { losses.append(try trainer.step { _, _ in run.batch(0, 0, views: views) }[0].value) }
            #expect(losses[11] < 0.95 * losses[0], "\(method): \(losses)")
        }
    }

    @Test func metricsNameLossRateAndNorm() throws {
        let run = TinyRun("hybrid")
        var trainer = try run.trainer()
        let metrics = try trainer.step { step, part in run.batch(step, part, views: 3) }
        #expect(metrics.first?.key == "loss")
        #expect(Set(metrics.map(\.key)).isSuperset(of: ["loss_moco", "loss_simmim", "lr", "gradient_norm"]))
        #expect(metrics.everyOne { $0.value.isFinite })
    }

    /// A checkpoint's shared table of positions fills the table of each block; classifiers begin anew.
    @Test func fineTuningTakesTheEncoder() throws {
        let folder = RunFolder()
        let pretraining = TinyRun("simmim")
        try pretraining.run(in: folder)
        let checkpoint = try Checkpoint.open(folder.path + "/model.safetensors")
        var hints = ModelHints()
        for (key, text) in checkpoint.metadata { hints.fields[key] = .string(text) }
        let model = try KeyMap.recognise(checkpoint.stateDicts(), hints: hints)
        let tuning = try TrainingConfiguration(
            JSONValue.parse(
                Array(
                    pretraining.body.replacingOccurrences(
                        of: "\"simmim\", \"dataset\"", with: "\"finetune\", \"init_from\": \"x\", \"dataset\""
                    ).replacingOccurrences(
                        of: "\"mlp_ratio\": 2",
                        with: "\"mlp_ratio\": 2, \"layer_scale\": 0.1, \"rel_pos\": \"shared\", \"pos_embed\": \"none\""
                    ).utf8)))
        let vit = tuning.encoder(try #require(tuning.vit), classes: 3)
        #expect(vit.config.relPos == .perBlock && vit.config.fcNorm && !vit.config.finalNorm)
        let objective = try tuning.makeObjective(vit, classes: 3)
        var state = objective.initialState(seed: 1)
        try state.takeEncoder(of: model, for: objective, pool: pretraining.pool)
        let shared = try #require(model.stateDict["rel_pos_bias.relative_position_bias_table"]).tensor().array
        #expect(shared.contains { $0 != 0 })
        let table = try #require(
            objective.layout.parameters.first { $0.name == "blocks.1.attn.relative_position_bias_table" })
        #expect(state.weights.tensor(table).array == shared)
        let groups = tuning.makeOptimizer(for: objective, stepsPerEpoch: 4).groups
        #expect(Set(groups.map(\.learningRateScale)).count == 4)
        #expect(throws: TrainingError.self) { try tuning.makeObjective(vit) }
    }

    @Test func momentumEncoderBeginsWhereTheCheckpointIs() throws {
        let folder = RunFolder()
        let run = TinyRun("moco_v3")
        try run.run(in: folder)
        let checkpoint = try Checkpoint.open(folder.path + "/model.safetensors")
        var hints = ModelHints()
        for (key, text) in checkpoint.metadata { hints.fields[key] = .string(text) }
        let model = try KeyMap.recognise(checkpoint.stateDicts(), hints: hints)
        let configuration = try run.configuration()
        let objective = try configuration.makeObjective(try #require(configuration.vit))
        var state = objective.initialState(seed: 1)
        var others = model
        others.config.numHeads = 4
        #expect(throws: TrainingError.self) { try state.takeEncoder(of: others, for: objective, pool: run.pool) }
        // What is analysed and not trained is refused as such.
        others = model
        others.config.attnPool = AttentionPool(numHeads: 2, mlpHidden: 8)
        let refusal = #expect(throws: TrainingError.self) {
            try state.takeEncoder(of: others, for: objective, pool: run.pool)
        }
        #expect(refusal.map { "\($0)".contains("pools its tokens by attention") } == true)
        try state.takeEncoder(of: model, for: objective, pool: run.pool)
        let momentum = try #require(state.momentumWeights)
        for parameter in momentum.layout.parameters {
            #expect(momentum.tensor(parameter) == state.weights.tensor(parameter), "\(parameter.name)")
        }
        #expect(
            state.weights.tensor(objective.layout.parameters[0]).array
                == model.stateDict[objective.layout.parameters[0].name]?.tensor().array)
    }
}
