import Models
import Platform
import Tensors
import Testing

@Suite struct VisionTransformerTests {
    let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }
    let config: VisionTransformerConfig = {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: 12, width: 20), patchSize: 4, embedDim: 24, depth: 3, numHeads: 3, mlpHidden: 40)
        config.numRegisters = 2
        config.numClasses = 5
        config.layerScale = true
        return config
    }()

    init() { NumericLibraries.prepareThread() }

    func images(_ count: Int) -> Tensor {
        var random = SplitMix64(seed: 9)
        return Tensor(shape: [count, 3, 12, 20], (0..<count * 720).map { _ in random.uniform() * 2 - 1 })
    }

    @Test func shapesOfEverything() throws {
        let model = try VisionTransformer.random(config, seed: 1)
        var request = IntermediatesRequest()
        request.hiddenStates = [0, 3]
        request.attentionResiduals = [1]
        request.attentions = [0: .all, 2: AttentionSelection(heads: [1], queries: [0, 3])]
        request.headOutputs = [1]
        request.logits = true
        let shown = model.forwardIntermediates(images(2), request: request, pool: pool)
        let tokens = 1 + 2 + 15
        #expect(config.numTokens == tokens)
        #expect(shown.hiddenStates.mapValues(\.shape) == [0: [2, tokens, 24], 3: [2, tokens, 24]])
        #expect(shown.attentionResiduals.mapValues(\.shape) == [1: [2, tokens, 24]])
        #expect(shown.attentions.mapValues(\.shape) == [0: [2, 3, tokens, tokens], 2: [2, 1, 2, tokens]])
        #expect(shown.headOutputs.mapValues(\.shape) == [1: [2, 3, tokens, 8]])
        #expect(shown.logits?.shape == [2, 5])
    }

    /// Stopping early, asking for less, and other company in the batch change nothing in what is shown.
    @Test func whatIsShownDoesNotDependOnWhatElseIsAsked() throws {
        let model = try VisionTransformer.random(config, seed: 1)
        var all = IntermediatesRequest()
        all.hiddenStates = [0, 1, 2, 3]
        all.attentionResiduals = [0, 1, 2]
        all.attentions = [0: .all, 1: .all, 2: .all]
        let whole = model.forwardIntermediates(images(3), request: all, pool: pool)
        for block in 0..<3 {
            var one = IntermediatesRequest()
            one.attentions = [block: AttentionSelection(heads: [2], queries: [4])]
            let shown = model.forwardIntermediates(images(3).rows(1..<2), request: one, pool: pool)
            let row = try #require(shown.attentions[block])
            for key in 0..<config.numTokens {
                #expect(abs(row[0, 0, 0, key] - (try #require(whole.attentions[block]))[1, 2, 4, key]) < 1e-6)
            }
            var residual = IntermediatesRequest()
            residual.attentionResiduals = [block]
            let stream = model.forwardIntermediates(images(3), request: residual, pool: pool)
            #expect(stream.attentionResiduals[block] == whole.attentionResiduals[block])
        }
        var states = IntermediatesRequest()
        states.hiddenStates = [2]
        let shown = model.forwardIntermediates(images(3), request: states, pool: pool)
        #expect(shown.hiddenStates[2] == whole.hiddenStates[2])
    }

    @Test func aPassStopsAfterTheLastThingNeeded() {
        var request = IntermediatesRequest()
        request.attentions = [1: .all]
        var visited: [String] = []
        let model = try? VisionTransformer.random(config, seed: 1)
        model?.forward(images(1), request: request, pool: pool) { visited.append("\($0)".prefix(9).description) }
        #expect(visited == ["attention"])
    }

    /// Zero layer scale on both branches makes every block the identity.
    @Test func layerScaleOfZeroSilencesABlock() throws {
        var stateDict = VisionTransformer.randomStateDict(config, seed: 2)
        for block in 0..<3 {
            for scale in ["ls1", "ls2"] {
                stateDict["blocks.\(block).\(scale).gamma"] = .init(Tensor.zeros([24]))
            }
        }
        let model = try VisionTransformer(config: config, stateDict: stateDict)
        var request = IntermediatesRequest()
        request.hiddenStates = [0, 3]
        let shown = model.forwardIntermediates(images(2), request: request, pool: pool)
        #expect(shown.hiddenStates[0] == shown.hiddenStates[3])
    }

    @Test func everyMissingTensorIsNamed() throws {
        let whole = VisionTransformer.randomStateDict(config, seed: 3)
        for name in whole.names {
            var torn = whole
            torn[name] = nil
            #expect(throws: WeightError.missing(name)) { try VisionTransformer(config: config, stateDict: torn) }
        }
    }

    @Test func aWrongShapeIsNamed() throws {
        var stateDict = VisionTransformer.randomStateDict(config, seed: 3)
        stateDict["blocks.1.mlp.fc1.weight"] = .init(Tensor.zeros([40, 25]))
        #expect(throws: WeightError.shape("blocks.1.mlp.fc1.weight", expected: [40, 24], found: [40, 25])) {
            try VisionTransformer(config: config, stateDict: stateDict)
        }
    }

    @Test func namesOfTimmAreKnown() throws {
        let base = try #require(VisionTransformerConfig.named("vit_base_patch16_224"))
        #expect(
            base.grid == GridSize(rows: 14, cols: 14) && base.numTokens == 197
                && base.timmName == "vit_base_patch16_224")
        for name in [
            "vit_base", "vit_base_patch0_224", "resnet50", "vit_base_patch16_99999999999999999999",
            "vit_base_patch16_8",
        ] {
            #expect(VisionTransformerConfig.named(name) == nil)
        }
    }
}
