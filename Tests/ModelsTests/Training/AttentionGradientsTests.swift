import Checkpoints
import Foundation
import Models
import Platform
import Tensors
import TestSupport
import Testing

/// Gradients at the attention maps, beside PyTorch's: Fixtures/analysis/gradient_rollout.py.
@Suite struct AttentionGradientsTests {
    private let pool = ThreadPool(threads: 2) { NumericLibraries.prepareThread() }

    private static let config: VisionTransformerConfig = {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: 8, width: 12), patchSize: 4, embedDim: 12, depth: 3, numHeads: 3, mlpHidden: 20)
        config.numClasses = 5
        return config
    }()

    private var folder: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/analysis").path
    }

    private func expected(_ target: String) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/gradient_rollout.json"))
        let all = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return try #require(all[target] as? [String: Any])
    }

    @Test(arguments: ["largest", "class 3", "feature"])
    func agreeWithPyTorch(target: String) throws {
        let checkpoint = try Checkpoint.open("gradient_rollout.safetensors", beneath: folder)
        let candidate = try #require(checkpoint.stateDicts().first)
        let stateDict = candidate.dict
        var layout = ParameterLayout()
        let network = TrainableViT(Self.config, in: &layout)
        let weights = try network.weights(of: stateDict, in: layout)
        let images = try #require(stateDict["images"]).tensor()
        let score: TrainableViT.Score =
            switch target {
            case "feature": .featureNorm
            case "largest": .logit(nil)
            default: .logit(3)
            }
        let found = try network.attentionGradients(images, of: score, weights: weights, layout: layout, pool: pool)
        let item = try expected(target)
        #expect(found.classes == item["classes"] as? [Int])
        for (mine, theirs) in zip(found.scores, try #require(item["scores"] as? [Double])) {
            #expect(abs(mine - theirs) < 1e-4 * max(1, abs(theirs)))
        }
        let gradients = try #require(item["gradients"] as? [[Double]])
        #expect(found.gradients.count == 3 && gradients.count == 3)
        for (mine, theirs) in zip(found.gradients, gradients) {
            #expect(mine.shape == [3, 3, 7, 7] && mine.count == theirs.count)
            let scale = theirs.reduce(0) { max($0, abs($1)) }
            let worst = zip(mine.array, theirs).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
            #expect(worst < 2e-5 * scale)
        }
        guard let attentions = item["attentions"] as? [[Double]] else { return }
        for (mine, theirs) in zip(found.attentions, attentions) {
            let worst = zip(mine.array, theirs).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
            #expect(worst < 1e-5)
        }
    }

    @Test func aMissingTensorIsNamed() throws {
        var layout = ParameterLayout()
        let network = TrainableViT(Self.config, in: &layout)
        #expect(throws: WeightError.self) { try network.weights(of: StateDict(), in: layout) }
    }

    @Test func networksWithoutGradientsSayWhy() {
        var config = Self.config
        #expect(TrainableViT.lacksGradients(config) == nil)
        config.patchEmbed = .convStem
        #expect(TrainableViT.lacksGradients(config)?.contains("stem") == true)
        config = Self.config
        config.relPos = .shared
        config.numRegisters = 2
        #expect(TrainableViT.lacksGradients(config)?.contains("prefix") == true)
    }
}
