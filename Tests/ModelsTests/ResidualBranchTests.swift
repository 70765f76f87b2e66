import Models
import Platform
import Tensors
import Testing

@Suite struct ResidualBranchTests {
    private let pool = ThreadPool(threads: 2)
    private let model: VisionTransformer
    private let images: Tensor

    init() throws {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: 16, width: 24), patchSize: 8, embedDim: 16, depth: 2, numHeads: 2, mlpHidden: 32)
        config.numClasses = 0
        model = try VisionTransformer(
            config: config, stateDict: VisionTransformer.randomStateDict(config, seed: 5))
        var random = RandomStream(seed: 1, "images")
        images = Tensor(shape: [2, 3, 16, 24], (0..<2 * 3 * 16 * 24).map { _ in Float(random.normal()) })
    }

    private func look(_ skipping: Set<ResidualBranch>) -> Intermediates {
        var request = IntermediatesRequest()
        request.hiddenStates = [0, 1, 2]
        request.attentionResiduals = [0, 1]
        request.skipping = skipping
        return model.forwardIntermediates(images, request: request, pool: pool)
    }

    @Test func aSkippedBranchAddsNothing() {
        let whole = look([])
        let noAttention = look([.attention(1)])
        #expect(noAttention.hiddenStates[1] == whole.hiddenStates[1])
        #expect(noAttention.attentionResiduals[1] == noAttention.hiddenStates[1])
        #expect(noAttention.hiddenStates[2] != whole.hiddenStates[2])
        let noMLP = look([.mlp(0)])
        #expect(noMLP.attentionResiduals[0] == whole.attentionResiduals[0])
        #expect(noMLP.hiddenStates[1] == noMLP.attentionResiduals[0])
        #expect(noMLP.hiddenStates[1] != whole.hiddenStates[1])
    }

    @Test func withoutBranchesTheEmbeddingStays() {
        let bare = look([.attention(0), .mlp(0), .attention(1), .mlp(1)])
        #expect(bare.hiddenStates[2] == bare.hiddenStates[0])
    }
}
