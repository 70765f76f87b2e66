import Catalogue
import Checkpoints
import Engine
import JSON
import Models
import Platform
import Service
import ServiceTestSupport
import Tensors
import TestSupport
import Testing
import TestSupport

@Suite struct ArtifactTokensTaskTests {
    /// Four by six patches behind a class token and two registers, whose position is long at one patch.
    private func service(long: Int?) async throws -> TestService {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: 32, width: 48), patchSize: 8, embedDim: 32, depth: 3, numHeads: 4, mlpHidden: 64)
        config.numRegisters = 2
        config.posEmbed = .patches
        var weights = VisionTransformer.randomStateDict(config, seed: 3)
        if let long, var positions = weights["pos_embed"]?.tensor() {
            positions[flat: long * 32 + 7] = 5000
            weights["pos_embed"] = StateDict.Entry(positions)
        }
        let test = try await TestService()
        try SafeTensors.write(weights, to: "\(test.folder)/models/odd.safetensors")
        _ = try await test.service.register(
            ModelRegistration(
                name: "odd", path: "odd.safetensors", numHeads: 4, imgSize: ImageSize(height: 32, width: 48)),
            waiting: 60)
        return test
    }

    @Test func aLongPatchIsFoundWithItsChannel() async throws {
        let test = try await service(long: 13)
        let result = try await test.analyze(.artifactTokens, "odd", ["image": "pets:0", "image": "pets:5", "top": "2"])
        #expect(result["prefix_tokens"] == .strings(["cls", "register 0", "register 1"]))
        #expect(result.array("patch_norm")?.shape == [4, 4, 6] && result.array("prefix_norm")?.shape == [4, 3])
        // Row 2, column 1, in both images, at every depth.
        let counts = result.numbers("outlier_count")
        for depth in 0..<4 {
            #expect((0..<24).everyOne { counts[depth * 24 + $0] == ($0 == 13 ? 2 : 0) })
            #expect(result.numbers("channels")[depth * 2] == 7 && result.numbers("channel_share")[depth * 2] > 0.99)
            #expect(result.numbers("massive")[depth] == 1 && result.numbers("massive_channels")[depth] == 1)
        }
        #expect(result.numbers("outlier_share").everyOne { abs($0 - 1.0 / 24) < 1e-12 })
        #expect(result.numbers("attention_to_outliers").everyOne { $0 > 0 && $0 < 1 })
        #expect(result.numbers("attention_to_outliers_even").everyOne { abs($0 - 1.0 / 27) < 1e-12 })
        for format in [ResultFormat.json, .csv, .npy, .npz, .png] {
            #expect(try await test.service.encode(result, as: format).bytes.count > 64)
        }
    }

    /// Without outliers there is nothing that carries them, and nothing drawn; both say so.
    @Test func noneIsNoneWithAReason() async throws {
        let test = try await service(long: nil)
        let result = try await test.analyze(
            .artifactTokens, "odd", ["image": "pets:0", "image": "pets:5", "cutoff": "1000", "layers": "1"])
        #expect(result.numbers("n_outliers") == [0, 0] && result["depths"] == .ints([0, 2]))
        #expect(result.numbers("channels").everyOne { $0.isNaN } && result.numbers("attention_to_outliers")[0].isNaN)
        let pointers = (result["reasons"]?.elements ?? []).compactMap { $0["pointer"]?.string }
        #expect(Set(pointers).isSuperset(of: ["/channels", "/attention_to_outliers"]))
        // The shares of class token and registers are those of the kind that tells them alone.
        let shares = try await test.analyze(
            .clsAttention, "odd", ["image": "pets:0", "image": "pets:5", "layers": "1"])
        for (mine, theirs) in [
            ("attention_to_cls", "patches_to_cls"), ("attention_to_registers", "patches_to_registers"),
        ] {
            #expect(abs(result.numbers(mine)[0] - shares.numbers(theirs)[0]) < 1e-6)
        }
        let norms = try await test.analyze(.tokenNorms, "odd", ["image": "pets:0", "image": "pets:5", "layers": "1"])
        let patches = result.numbers("patch_norm"), means = norms.numbers("patch_norm")
        for depth in 0..<2 {
            #expect(abs(patches[depth * 24..<depth * 24 + 24].reduce(0, +) / 24 - means[depth]) < 1e-9 * means[depth])
        }
    }

    @Test func twoRulesAtOnceAreRefused() async throws {
        let test = try await service(long: nil)
        let error = await failure {
            _ = try await test.analyze(
                .artifactTokens, "odd", ["image": "pets:0", "factor": "2", "cutoff": "3", "map_depth": "all"])
        }
        guard case .invalid(let faults)? = error else { return #expect(Bool(false), "two rules") }
        #expect(faults.map(\.pointer) == ["/map_depth", "/cutoff"])
    }
}
