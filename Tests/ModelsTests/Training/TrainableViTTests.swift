import TestSupport
import Models
import Platform
import Tensors
import Testing

/// The whole encoder's way back against central differences, in every variant of the canonical ViT that trains.
@Suite struct TrainableViTTests {
    private let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }

    enum Variant: String, CaseIterable, Sendable {
        case plain, sharedBias, perBlockBias, registers, swiglu, noPositions, patchPositions, dropPath, masked, keeping
        case classToken, average, tokenAndAverage, distilled, rotary, rotaryHeads, innerNorms, rootMeanSquare, tanh,
            quick
    }

    private func config(_ variant: Variant) -> VisionTransformerConfig {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: 8, width: 12), patchSize: 4, embedDim: 12, depth: 2, numHeads: 3, mlpHidden: 20)
        switch variant {
        case .sharedBias:
            config.relPos = .shared
            config.layerScale = true
            config.posEmbed = .none
        case .perBlockBias: config.relPos = .perBlock
        case .registers:
            config.numRegisters = 2
            config.normPre = true
        case .swiglu: config.mlp = .swiglu
        case .noPositions: config.posEmbed = .none
        case .patchPositions:
            config.posEmbed = .patches
            config.finalNorm = false
        case .dropPath: config.layerScale = true
        case .distilled: config.distToken = true
        case .classToken: config.numClasses = 4
        case .average:
            config.numClasses = 4
            config.globalPool = .avg
            config.finalNorm = false
            config.fcNorm = true
        case .tokenAndAverage:
            config.numClasses = 4
            config.globalPool = .tokenAndAvg
        case .rotary:
            config.rope = .dinov3
            config.posEmbed = .none
            config.qkNorm = .perHead
        case .rotaryHeads:
            config.rope = .axial
            config.numRegisters = 1
            config.mlp = .silu
        case .innerNorms:
            config.attnNorm = true
            config.mlpNorm = true
            config.patchNorm = true
            config.qkNorm = .fullRMS
        case .rootMeanSquare:
            config.norm = .rms
            config.projBias = false
            config.mlpBias = false
            config.rope = .perceptionEncoder
        case .tanh: config.mlp = .geluTanh
        case .quick: config.mlp = .quickGELU
        case .plain, .masked, .keeping: break
        }
        return config
    }

    private func random(_ shape: [Int], _ name: String, scale: Double = 1) -> Tensor {
        var random = RandomStream(seed: 3, name)
        return Tensor(shape: shape, (0..<Tensor.count(of: shape)).map { _ in Float(random.normal() * scale) })
    }

    private func weights(_ layout: ParameterLayout) -> ParameterBuffer {
        var weights = ParameterBuffer(layout)
        for parameter in layout.parameters {
            var numbers = random(parameter.shape, parameter.name, scale: 0.4)
            if parameter.name.contains("norm"), parameter.name.hasSuffix("weight") {
                numbers.add(Tensor(shape: numbers.shape, repeating: 1))
            }
            weights.set(parameter, to: numbers)
        }
        return weights
    }

    @Test(arguments: Variant.allCases) func gradientsAgreeWithDifferences(variant: Variant) {
        let config = config(variant)
        var layout = ParameterLayout()
        let encoder = TrainableViT(config, dropPath: variant == .dropPath ? 0.5 : 0, in: &layout)
        let token = layout.add("mask_token", [1, 1, config.embedDim])
        let weights = weights(layout)
        let images = random([2, 3, 8, 12], "images")
        let masking: TrainableViT.Masking =
            switch variant {
            case .masked: .token(token, mask: Tensor(shape: [2, 6], [0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0]))
            case .keeping: .keeping([[4, 0, 2], [1, 5, 3]])
            default: .none
            }
        let luck = RandomStream(seed: 11, "luck")
        func run(_ weights: ParameterBuffer) -> TrainableViT.Activations {
            encoder.forward(images, weights: weights, masking: masking, random: luck, pool: pool)
        }
        let activations = run(weights)
        var gradients = ParameterBuffer(layout)
        let r: Tensor
        if config.numClasses > 0 {
            r = random([2, config.numClasses], "r")
            let classified = encoder.classify(activations.output, weights: weights, pool: pool)
            let dOutput = encoder.classifyBackward(
                classified, dLogits: r, tokens: config.numTokens, weights: weights, gradients: &gradients, pool: pool)
            encoder.backward(activations, dOutput: dOutput, weights: weights, gradients: &gradients, pool: pool)
        } else {
            r = random(activations.output.shape, "r")
            encoder.backward(activations, dOutput: r, weights: weights, gradients: &gradients, pool: pool)
        }
        func loss(_ weights: ParameterBuffer) -> Double {
            let output = run(weights).output
            return config.numClasses > 0
                ? encoder.classify(output, weights: weights, pool: pool).logits.dot(r) : output.dot(r)
        }
        for parameter in layout.parameters {
            if parameter == token, variant != .masked { continue }
            let direction = random(parameter.shape, "direction." + parameter.name)
            let step: Float = 0.004
            func at(_ distance: Float) -> Double {
                var numbers = weights.tensor(parameter)
                numbers.add(direction, scale: distance)
                var moved = weights
                moved.set(parameter, to: numbers)
                return loss(moved)
            }
            let slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * Double(step))
            let gradient = gradients.tensor(parameter)
            let expected = gradient.dot(direction), scale = max(gradient.dot(gradient).squareRoot(), 0.05)
            #expect(
                abs(slope - expected) < 5e-3 * scale,
                "\(parameter.name): \(slope) by differences, \(expected) by backward")
        }
    }

    /// Products of rounded numbers move the gradient a little, and of no parameter much.
    @Test(
        .enabled(if: Precision.bf16.lacking == nil, "this processor multiplies no bf16"),
        arguments: [Variant.plain, .sharedBias, .registers, .swiglu, .rotary, .innerNorms, .quick])
    func gradientsInBF16AreThoseOfF32(variant: Variant) {
        let config = config(variant), images = random([2, 3, 8, 12], "images")
        func gradients(_ precision: Precision) -> (layout: ParameterLayout, gradients: ParameterBuffer) {
            var layout = ParameterLayout()
            let encoder = TrainableViT(config, precision: precision, in: &layout), weights = weights(layout)
            let activations = encoder.forward(images, weights: weights, pool: pool)
            var gradients = ParameterBuffer(layout)
            encoder.backward(
                activations, dOutput: random(activations.output.shape, "r"), weights: weights, gradients: &gradients,
                pool: pool)
            return (layout, gradients)
        }
        let (layout, exact) = gradients(.f32), rounded = gradients(.bf16).gradients
        var largest = 0.0
        for parameter in layout.parameters {
            let a = exact.tensor(parameter), b = rounded.tensor(parameter)
            var difference = b
            difference.add(a, scale: -1)
            let error = difference.dot(difference).squareRoot(), size = a.dot(a).squareRoot()
            largest = max(largest, error)
            #expect(error < 0.06 * size + 0.02, "\(parameter.name): \(error) of \(size)")
        }
        #expect(largest > 0)
    }

    /// The path that trains computes what the packed path does.
    @Test(arguments: [
        Variant.plain, .sharedBias, .perBlockBias, .registers, .swiglu, .patchPositions, .average, .rotary,
        .rotaryHeads,
        .innerNorms, .rootMeanSquare, .tanh, .quick,
    ])
    func forwardIsThatOfTheFrozenNetwork(variant: Variant) throws {
        let config = config(variant)
        var layout = ParameterLayout()
        let encoder = TrainableViT(config, in: &layout)
        let weights = weights(layout)
        var stateDict = StateDict()
        for parameter in layout.parameters { stateDict[parameter.name] = .init(weights.tensor(parameter)) }
        let frozen = try VisionTransformer(config: config, stateDict: stateDict)
        let images = random([2, 3, 8, 12], "images")
        var request = IntermediatesRequest()
        request.hiddenStates = [config.depth]
        request.logits = config.numClasses > 0
        let seen = frozen.forwardIntermediates(images, request: request, pool: pool)
        let activations = encoder.forward(images, weights: weights, pool: pool)
        let expected = try #require(seen.hiddenStates[config.depth]).array
        #expect(pairs(activations.stream.array, expected).everyOne { abs($0 - $1) < 1e-4 * max(1, abs($1)) })
        if let logits = seen.logits {
            let own = encoder.classify(activations.output, weights: weights, pool: pool).logits.array
            #expect(pairs(own, logits.array).everyOne { abs($0 - $1) < 1e-4 * max(1, abs($1)) })
        }
    }

    @Test func whatIsFrozenHasNoGradient() {
        var config = config(.plain)
        config.relPos = .perBlock
        var layout = ParameterLayout()
        let encoder = TrainableViT(
            config, freezing: .init(patchEmbed: true, positions: true, keyBias: true), in: &layout)
        #expect(encoder.frozen == ["patch_embed.proj.weight", "patch_embed.proj.bias", "pos_embed"])
        let weights = weights(layout)
        let activations = encoder.forward(random([2, 3, 8, 12], "images"), weights: weights, pool: pool)
        var gradients = ParameterBuffer(layout)
        encoder.backward(
            activations, dOutput: random(activations.output.shape, "r"), weights: weights, gradients: &gradients,
            pool: pool)
        for parameter in layout.parameters {
            let gradient = gradients.tensor(parameter).array
            if encoder.frozen.contains(parameter.name) {
                #expect(gradient.everyOne { $0 == 0 })
            } else {
                #expect(gradient.contains { $0 != 0 }, "\(parameter.name)")
            }
            if parameter.name.hasSuffix("qkv.bias") { #expect(gradient[12..<24].everyOne { $0 == 0 }) }
        }
    }

    /// Rates of stochastic depth for 0.1 over 12 blocks.
    @Test func dropPathRatesRiseLinearly() {
        #expect(DropPath.rate(0.1, block: 0, depth: 12) == 0)
        #expect(abs(DropPath.rate(0.1, block: 1, depth: 12) - 0.009091) < 1e-6)
        #expect(abs(DropPath.rate(0.1, block: 11, depth: 12) - 0.1) < 1e-12)
        #expect(DropPath.rate(0.1, block: 0, depth: 1) == 0)
    }

    @Test func sameStepSameBits() {
        let config = config(.sharedBias)
        var layout = ParameterLayout()
        let encoder = TrainableViT(config, in: &layout)
        let weights = weights(layout), images = random([5, 3, 8, 12], "images")
        func gradients() -> [[Float]] {
            var gradients = ParameterBuffer(layout)
            let activations = encoder.forward(images, weights: weights, pool: pool)
            encoder.backward(
                activations, dOutput: activations.output, weights: weights, gradients: &gradients, pool: pool)
            return layout.parameters.map { gradients.tensor($0).array }
        }
        let first = gradients()
        for _ in 0..<5 { #expect(gradients() == first) }
    }
}
