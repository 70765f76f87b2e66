import Foundation
import Models
import Platform
import Tensors
import Testing
import Training

@Suite struct ObjectiveTests {
    private let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }

    private var recipe: ViTRecipe {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: 16, width: 16), patchSize: 4, embedDim: 16, depth: 2, numHeads: 2, mlpHidden: 32)
        config.layerScale = true
        config.relPos = .shared
        return ViTRecipe(
            config, positions: .sinCos(.mocoV3), initialization: .mocoV3, initialLayerScale: 0.5, dropPath: 0)
    }
    private var moco: MoCoV3Config { MoCoV3Config(dim: 8, mlpDim: 12) }

    private func random(_ shape: [Int], _ name: String) -> Tensor {
        var random = RandomStream(seed: 5, name)
        return Tensor(shape: shape, (0..<Tensor.count(of: shape)).map { _ in Float(random.normal()) })
    }

    private func batch(views: Int, images: Int = 6) -> Batch {
        Batch(
            views: (0..<views).map { random([images, 3, 16, 16], "view \($0)") },
            mask: Tensor(shape: [images, 16], (0..<images * 16).map { $0 * 7 % 5 < 3 ? 1 : 0 }),
            noise: random([images, 16], "noise"), labels: (0..<images).map { $0 % 3 })
    }

    private func step(
        _ objective: some Objective, _ batch: Batch, part: Int = 0, epoch: Double = 0
    ) -> (metrics: [Metric], gradients: ParameterBuffer, state: NetworkState) {
        var state = objective.initialState(seed: 1), gradients = ParameterBuffer(objective.layout)
        let metrics = objective.step(
            batch, state: &state, gradients: &gradients, StepContext(part: part, epoch: epoch, epochs: 10, pool: pool))
        return (metrics, gradients, state)
    }

    private func numbers(_ buffer: ParameterBuffer, _ parameters: [Parameter]) -> [[Float]] {
        parameters.map { buffer.tensor($0).array }
    }

    @Test func lambdaZeroIsSimMIMBitForBit() {
        let pure = SimMIM(vit: recipe, config: SimMIMConfig(maskPatchSize: 4))
        let hybrid = Hybrid(vit: recipe, moco: MoCoV3Config(dim: 8, mlpDim: 12, stopGradConv1: false), lambda: 0)
        let alone = step(pure, batch(views: 3)), joint = step(hybrid, batch(views: 3))
        #expect(alone.metrics[0] == joint.metrics[0])
        let names = Dictionary(uniqueKeysWithValues: hybrid.layout.parameters.map { ($0.name, $0) })
        for parameter in pure.layout.parameters {
            let twin = names[parameter.name]!
            #expect(alone.state.weights.tensor(parameter) == joint.state.weights.tensor(twin), "\(parameter.name)")
            #expect(alone.gradients.tensor(parameter) == joint.gradients.tensor(twin), "\(parameter.name)")
        }
    }

    @Test func lambdaOneIsMoCoBitForBit() {
        let pure = MoCoV3(vit: recipe, config: moco), hybrid = Hybrid(vit: recipe, moco: moco, lambda: 1)
        let alone = step(pure, batch(views: 3)), joint = step(hybrid, batch(views: 3))
        #expect(alone.metrics[0] == joint.metrics[0])
        let shared = pure.layout.parameters
        #expect(numbers(alone.state.weights, shared) == numbers(joint.state.weights, shared))
        #expect(numbers(alone.gradients, shared) == numbers(joint.gradients, shared))
        let momentum = pure.momentumLayout!.parameters
        #expect(numbers(alone.state.momentumWeights!, momentum) == numbers(joint.state.momentumWeights!, momentum))
    }

    @Test func hybridIsTheWeightedSumOfItsHalves() throws {
        let contrastive = step(Hybrid(vit: recipe, moco: moco, lambda: 1), batch(views: 3))
        let masked = step(Hybrid(vit: recipe, moco: moco, lambda: 0), batch(views: 3))
        let hybrid = Hybrid(vit: recipe, moco: moco, lambda: 0.3)
        let both = step(hybrid, batch(views: 3))
        let values = Dictionary(uniqueKeysWithValues: both.metrics.map { ($0.key, $0.value) })
        let loss = try #require(values["loss"])
        #expect(abs(loss - (0.7 * masked.metrics[0].value + 0.3 * contrastive.metrics[0].value)) < 1e-6)
        #expect(values["loss_simmim"] == masked.metrics[0].value && values["loss_moco"] == contrastive.metrics[0].value)
        for parameter in hybrid.layout.parameters {
            var sum = masked.gradients.tensor(parameter).map { $0 * 0.7 }
            sum.add(contrastive.gradients.tensor(parameter), scale: 0.3)
            sum.add(both.gradients.tensor(parameter), scale: -1)
            let size = both.gradients.tensor(parameter)
            #expect(sum.dot(sum).squareRoot() <= 1e-5 * size.dot(size).squareRoot() + 1e-7, "\(parameter.name)")
        }
        let shared = hybrid.encoder.parameters
        let cosine =
            masked.gradients.dot(contrastive.gradients, over: shared)
            / (masked.gradients.dot(masked.gradients, over: shared)
            * contrastive.gradients.dot(contrastive.gradients, over: shared)).squareRoot()
        #expect(abs(try #require(values["gradient_cosine"]) - cosine) < 1e-5)
    }

    /// Before anything is learned, every image of the batch is as likely as any other.
    @Test func firstContrastiveLossIsThatOfChance() {
        let metrics = step(
            MoCoV3(vit: recipe, config: MoCoV3Config(dim: 256, mlpDim: 128)), batch(views: 2, images: 32)
        ).metrics
        #expect(abs(metrics[0].value / (2 * 0.4 * log(32)) - 1) < 0.15)
    }

    @Test func momentumEncoderMovesOnceAStepAndBeforeTheKeys() throws {
        let objective = MoCoV3(vit: recipe, config: moco)
        let encoder = objective.momentumLayout!.parameters
        var state = objective.initialState(seed: 1), gradients = ParameterBuffer(objective.layout)
        #expect(numbers(state.momentumWeights!, encoder) == numbers(state.weights, encoder))
        // The base encoder has moved since.
        for parameter in encoder { state.weights.set(parameter, to: state.weights.tensor(parameter).map { $0 + 0.5 }) }
        let before = state.momentumWeights!.tensor(encoder[0])[flat: 0]
        _ = objective.step(
            batch(views: 2), state: &state, gradients: &gradients, StepContext(epoch: 0, epochs: 10, pool: pool))
        let after = state.momentumWeights!.tensor(encoder[0])[flat: 0]
        #expect(abs(after - (before + 0.01 * 0.5)) < 1e-6)
        _ = objective.step(
            batch(views: 2), state: &state, gradients: &gradients, StepContext(part: 1, epochs: 10, pool: pool))
        #expect(state.momentumWeights!.tensor(encoder[0])[flat: 0] == after, "a later part of a step moves nothing")
        _ = objective.step(
            batch(views: 2), state: &state, gradients: &gradients, StepContext(epoch: 10, epochs: 10, pool: pool))
        #expect(state.momentumWeights!.tensor(encoder[0])[flat: 0] == after, "at the end the momentum is 1")
    }

    @Test func gradientScaleScalesGradientsAndNotTheLoss() {
        let objective = SimMIM(vit: recipe)
        var state = objective.initialState(seed: 1)
        var whole = ParameterBuffer(objective.layout), half = ParameterBuffer(objective.layout)
        let one = objective.step(batch(views: 1), state: &state, gradients: &whole, StepContext(pool: pool))
        let other = objective.step(
            batch(views: 1), state: &state, gradients: &half, StepContext(gradientScale: 0.5, pool: pool))
        #expect(one == other)
        for parameter in objective.layout.parameters {
            #expect(half.tensor(parameter) == whole.tensor(parameter).map { $0 * 0.5 }, "\(parameter.name)")
        }
    }

    /// A whole step against central differences, through encoder, heads, batch norm and loss.
    @Test(arguments: ["moco_v3", "simmim", "mae", "hybrid", "supervised"])
    func gradientsAgreeWithDifferences(method: String) {
        var recipe = recipe
        let objective: any Objective
        switch method {
        case "moco_v3":
            objective = MoCoV3(
                vit: recipe,
                config: MoCoV3Config(dim: 8, mlpDim: 12, momentum: 1, momentumSchedule: false, temperature: 1))
        case "simmim": objective = SimMIM(vit: recipe)
        case "mae":
            recipe.config.relPos = .none
            objective = MAE(vit: recipe, config: MAEConfig(decoderDepth: 1, decoderDim: 8, decoderHeads: 2))
        case "hybrid":
            objective = Hybrid(
                vit: recipe,
                moco: MoCoV3Config(dim: 8, mlpDim: 12, momentum: 1, momentumSchedule: false, temperature: 1),
                lambda: 0.4)
        default:
            recipe.config.numClasses = 3
            objective = Classification(vit: recipe, smoothing: 0.1, headStd: 0.5)
        }
        let batch = batch(views: 3)
        var start = objective.initialState(seed: 2)
        // First weights have tokens so small that batch norm makes cliffs of them.
        for parameter in objective.layout.parameters {
            var numbers = random(parameter.shape, parameter.name).map { $0 * 0.3 }
            if parameter.name.contains("norm"), parameter.name.hasSuffix("weight") {
                numbers.add(Tensor(shape: numbers.shape, repeating: 1))
            }
            start.weights.set(parameter, to: numbers)
        }
        let beginning = start
        func loss(_ weights: ParameterBuffer) -> (Double, ParameterBuffer) {
            var state = beginning, gradients = ParameterBuffer(objective.layout)
            state.weights = weights
            let metrics = objective.step(batch, state: &state, gradients: &gradients, StepContext(pool: pool))
            return (metrics[0].value, gradients)
        }
        let gradients = loss(start.weights).1
        for parameter in objective.layout.parameters where !objective.frozen.contains(parameter.name) {
            // Where gradients vanish in exact arithmetic, differences see rounding alone.
            let gradient = gradients.tensor(parameter)
            let size = gradient.dot(gradient).squareRoot()
            guard size > 1e-3 else { continue }
            // Along the gradient the slope is largest; the absolute value of SimMIM's loss bends in places.
            let step = Float(2e-3 / size)
            func at(_ distance: Float) -> Double {
                var numbers = start.weights.tensor(parameter)
                numbers.add(gradient, scale: distance)
                var moved = start.weights
                moved.set(parameter, to: numbers)
                return loss(moved).0
            }
            let slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * Double(step))
            #expect(abs(slope / (size * size) - 1) < 0.03, "\(parameter.name): \(slope) against \(size * size)")
        }
    }

    /// MAE's count: 49 of 196 patches are kept at 224 pixels.
    @Test func maeKeepsAQuarter() {
        var recipe = recipe
        recipe.config.relPos = .none
        recipe.config.imgSize = ImageSize(height: 224, width: 224)
        recipe.config.patchSize = 16
        #expect(MAE.keptPatches(196, ratio: 0.75) == 49)
        #expect(MAE.keptPatches(64, ratio: 0.75) == 16)
        #expect(MAE.keptPatches(4, ratio: 0.99) == 1)
    }

    @Test func firstWeightsFollowTheirRecipes() throws {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: 32, width: 32), patchSize: 8, embedDim: 64, depth: 2, numHeads: 2,
            mlpHidden: 256)
        config.relPos = .shared
        config.layerScale = true
        func largest(_ initialization: ViTRecipe.Initialization, _ name: String) throws -> Float {
            let objective = SimMIM(vit: ViTRecipe(config, initialization: initialization))
            let parameter = try #require(objective.layout.parameters.first { $0.name == name })
            return objective.initialState(seed: 0).weights.tensor(parameter).array.map(abs).max() ?? 0
        }
        // Uniform numbers come close to their bounds; these matrices have thousands of them.
        func isJustBelow(_ value: Float, _ bound: Double) -> Bool {
            Double(value) <= bound && Double(value) > 0.98 * bound
        }
        #expect(isJustBelow(try largest(.mocoV3, "blocks.0.attn.qkv.weight"), (6.0 / 128).squareRoot()))
        #expect(isJustBelow(try largest(.mae, "blocks.0.attn.qkv.weight"), (6.0 / 256).squareRoot()))
        #expect(isJustBelow(try largest(.mocoV3, "patch_embed.proj.weight"), (6.0 / 256).squareRoot()))
        #expect(isJustBelow(try largest(.simMIM, "blocks.0.attn.qkv.weight"), 0.02))
        #expect(isJustBelow(try largest(.simMIM, "blocks.1.mlp.fc2.weight"), 0.01))
        #expect(isJustBelow(try largest(.simMIM, "decoder.0.weight"), 1.0 / 8))
        #expect(try largest(.simMIM, "blocks.0.ls1.gamma") == 0.1)
        #expect(try largest(.simMIM, "rel_pos_bias.relative_position_bias_table") == 0)
        #expect(try largest(.mocoV3, "cls_token") < 1e-5)
    }
}
