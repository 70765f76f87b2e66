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

    /// Whatever else a block does, a branch that is left out adds nothing.
    @Test(
        arguments: try ReferenceCase.all().filter {
            ["dinov3", "timm_eva02_base", "timm_post_norm", "timm_qk_norm", "timm_aimv2", "hf_internvl"].contains(
                $0.name)
        })
    func newerBlocksToo(reference: ReferenceCase) throws {
        let recognised = try reference.recognise(), depth = recognised.config.depth
        let model = try VisionTransformer(config: recognised.config, stateDict: recognised.stateDict)
        let size = recognised.config.imgSize
        var random = RandomStream(seed: 2, "images")
        let image = Tensor(
            shape: [1, 3, size.height, size.width],
            (0..<3 * size.height * size.width).map { _ in Float(random.normal()) })
        var request = IntermediatesRequest()
        request.hiddenStates = Set(0...depth)
        let whole = model.forwardIntermediates(image, request: request, pool: pool)
        request.skipping = [.mlp(depth - 1)]
        let noMLP = model.forwardIntermediates(image, request: request, pool: pool)
        #expect(noMLP.hiddenStates[depth - 1] == whole.hiddenStates[depth - 1])
        #expect(noMLP.hiddenStates[depth] != whole.hiddenStates[depth])
        request.skipping = Set((0..<depth).flatMap { [.attention($0), .mlp($0)] })
        let bare = model.forwardIntermediates(image, request: request, pool: pool)
        #expect(bare.hiddenStates[depth] == bare.hiddenStates[0])
    }
}
