import Catalogue
import Checkpoints
import Engine
import JSON
import Models
import Service
import ServiceTestSupport
import Tensors
import TestSupport
import Testing
import TestSupport

@Suite struct PositionSimilarityTaskTests {
    private func service(_ change: (inout VisionTransformerConfig) -> Void) async throws -> TestService {
        var config = TestService.config
        change(&config)
        let test = try await TestService()
        try SafeTensors.write(
            VisionTransformer.randomStateDict(config, seed: 3), to: "\(test.folder)/models/m.safetensors")
        try await test.register("m")
        return test
    }

    /// No image is asked for, and one that is given makes no difference, but has to be there.
    @Test func noImageIsLookedAt() async throws {
        let test = try await service { _ in }
        let result = try await test.analyze(.positionSimilarity, "m", [:])
        let other = try await test.analyze(.positionSimilarity, "m", ["image": "pets:0"])
        #expect(result.id == other.id && other["n_images"] == .int(0))
        await #expect(throws: ServiceError.self) {
            try await test.analyze(.positionSimilarity, "m", ["image": "../pets:999"])
        }
        #expect(result.array("similarity")?.shape == [16, 16] && result["bias_by_distance"] == .null)
        let numbers = result.numbers("similarity"), profile = result.numbers("similarity_by_distance")
        #expect((0..<16).everyOne { abs(numbers[$0 * 17] - 1) < 1e-12 } && profile.count == 5)
        #expect(abs(profile[0] - 1) < 1e-12)
        for format in [ResultFormat.json, .csv, .npy, .npz, .png] {
            #expect(try await test.service.encode(result, as: format).bytes.count > 64)
        }
        let centred = try await test.analyze(.positionSimilarity, "m", ["centered": "true"])
        #expect(centred.id != result.id && centred.numbers("similarity") != numbers)
    }

    @Test func relativePositionsOfEachBlock() async throws {
        let test = try await service { ($0.relPos, $0.posEmbed, $0.layerScale) = (.perBlock, .none, true) }
        let result = try await test.analyze(.positionSimilarity, "m", [:])
        #expect(result.array("bias_by_distance")?.shape == [12, 5] && result["similarity"] == .null)
        #expect(result["bias_heads"]?.elements[5] == .string("block 1 head 1"))
        let table = String(decoding: try await test.service.encode(result, as: .csv).bytes, as: UTF8.self)
        #expect(table.hasPrefix("bias_head,distance,bias_by_distance\nblock 0 head 0,0,"))
        let error = await failure { _ = try await test.analyze(.positionSimilarity, "m", ["centered": "true"]) }
        #expect(error?.detail.contains("adds no positions") == true)
    }
}
