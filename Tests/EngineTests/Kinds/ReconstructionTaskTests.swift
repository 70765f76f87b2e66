import Catalogue
import Checkpoints
import Engine
import Foundation
import Images
import JSON
import Models
import Platform
import Service
import ServiceTestSupport
import Tensors
import TestSupport
import Testing

/// Reconstructions beside PyTorch's: Fixtures/analysis/reconstruction.py.
@Suite struct ReconstructionTaskTests {
    private func service(_ path: String) async throws -> TestService {
        let test = try await TestService()
        try await test.addFixtureModel("m", fixture(path), heads: 3, height: 16, width: 16)
        return test
    }

    private func ask(_ test: TestService, _ more: KeyValuePairs<String, String>, images: Int = 3) async throws
        -> AnalysisResult
    {
        let parameters =
            (0..<images).map { AnalysisParameter("image", "formula:\($0)") } + more.map { .init($0.key, $0.value) }
        return try await test.service.run(
            try await test.service.prepare(.reconstruction, model: "m", parameters: parameters))
    }

    @Test(arguments: [
        "analysis/reconstruction_mae.safetensors", "analysis/reconstruction_simmim.safetensors",
        "models/files/mae_train.pth", "models/files/simmim_pretrain.pth", "models/files/hf_vit_masked",
    ])
    func agreesWithPyTorch(_ path: String) async throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("analysis/reconstruction.json")))
        let all = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let masked = try #require(all["masked"] as? [Int])
        let file = String(path.split(separator: "/").last ?? "")
        let own = try JSONSerialization.data(withJSONObject: try #require(all[file]))
        let expected = try JSONDecoder().decode([String: [Double]].self, from: own)
        let test = try await service(path), mask = masked.map(String.init).joined(separator: ",")
        // The random autoencoder does not say how many heads its decoder has; its arguments say norm_pix_loss.
        let heads: KeyValuePairs<String, String> = ["mask": mask, "decoder_heads": "2", "norm_pix": "false"]
        let result = try await ask(test, file == "mae_train.pth" ? heads : ["mask": mask])
        func check(_ name: String, _ numbers: [Double], _ found: [Double]? = nil) {
            let found = found ?? result.numbers(name), scale = numbers.reduce(1) { max($0, abs($1)) }
            #expect(found.count == numbers.count, "\(name)")
            let worst = pairs(found, numbers).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(worst < 1e-4 * scale, "\(file) \(name): \(worst)")
        }
        for (name, numbers) in expected where name != "predicted" { check(name, numbers) }
        #expect(expected.count == 10)
        #expect(result["mask"] == .ints(masked) && result["n_masked"] == .ints([7, 7, 7]))
        #expect(result["norm_pix"] == .bool(file == "reconstruction_mae.safetensors"))
        let predicted = try await ask(
            test,
            file == "mae_train.pth"
                ? ["mask": mask, "decoder_heads": "2", "norm_pix": "false", "visible": "predicted"]
                : ["mask": mask, "visible": "predicted"])
        check("reconstruction", try #require(expected["predicted"]), Array(predicted.numbers("reconstruction")[..<768]))
    }

    /// What the arguments of facebookresearch's program say, where nobody says otherwise.
    @Test func theFileSaysHowPixelsWereNormed() async throws {
        let test = try await service("models/files/mae_train.pth")
        let told = try await ask(test, ["mask": "3", "decoder_heads": "2"], images: 1)
        let plain = try await ask(test, ["mask": "3", "decoder_heads": "2", "norm_pix": "false"], images: 1)
        #expect(told["norm_pix"] == .bool(true) && plain["norm_pix"] == .bool(false))
        #expect(told.id != plain.id && told.numbers("masked_l1") != plain.numbers("masked_l1"))
    }

    /// The image where it is seen, the mean colour where it is masked, and its own pixels in the reconstruction.
    @Test func panelsAreTheImage() async throws {
        let test = try await service("analysis/reconstruction_simmim.safetensors")
        let result = try await ask(test, ["mask": "0"], images: 1)
        #expect(result.array("reconstruction")?.shape == [1, 16, 16, 3])
        let (original, masked) = (result.numbers("original"), result.numbers("masked"))
        let reconstruction = result.numbers("reconstruction")
        for place in original.indices {
            let isMasked = place / 48 < 4 && place % 48 < 12
            #expect(isMasked ? masked[place] == 0.5 : masked[place] == original[place])
            #expect(isMasked || reconstruction[place] == original[place])
        }
        #expect(result.numbers("is_masked") == [1] + [Double](repeating: 0, count: 15))
        let png = try Image.decode(try await test.service.encode(result, as: .png).bytes, orientation: .ignore)
        #expect(png.width > 3 * 100)
        for format in [ResultFormat.json, .csv, .npy, .npz] {
            #expect(try await test.service.encode(result, as: format).bytes.count > 768)
        }
    }

    @Test func masksBelongToImages() async throws {
        let test = try await service("analysis/reconstruction_simmim.safetensors")
        let all = try await ask(test, [:]), one = try await ask(test, [:], images: 1)
        #expect(all["mask_ratio"] == .double(0.6) && all["mask_patch_size"] == .int(8))
        // Three of four cells of two by two patches, rounded up.
        #expect(all["n_masked"] == .ints([12, 12, 12]))
        #expect(Array(all.numbers("is_masked")[..<16]) == one.numbers("is_masked"))
        #expect(Array(all.numbers("reconstruction")[..<768]) == one.numbers("reconstruction"))
        let other = try await ask(test, ["seed": "1"])
        #expect(other.numbers("is_masked") != all.numbers("is_masked"))
        let scattered = try await ask(test, ["mask_patch_size": "4", "mask_ratio": "0.5"])
        #expect(scattered["n_masked"] == .ints([8, 8, 8]))
        let autoencoder = try await service("analysis/reconstruction_mae.safetensors")
        #expect(try await ask(autoencoder, [:])["n_masked"] == .ints([12, 12, 12]))
    }

    @Test func withoutMaskedOrVisiblePatchesThereIsNoError() async throws {
        let test = try await service("analysis/reconstruction_simmim.safetensors")
        let nothing = try await ask(test, ["mask_ratio": "0"])
        #expect(
            nothing.numbers("masked_l1").everyOne { $0.isNaN } && nothing.numbers("visible_l1").everyOne { $0.isFinite }
        )
        #expect(nothing.numbers("blur").everyOne { $0.isNaN })
        let everything = try await ask(test, ["mask": "all"])
        #expect(
            everything.numbers("visible_mse").everyOne { $0.isNaN }
                && everything.numbers("loss").everyOne { $0.isFinite })
        for (result, pointer) in [(nothing, "/loss"), (nothing, "/blur"), (everything, "/visible_l1")] {
            #expect((result["reasons"]?.elements ?? []).contains { $0["pointer"] == .string(pointer) })
        }
    }

    /// The checkpoint of a run has the decoder under its own names, beside moments of the same endings.
    @Test func checkpointsOfARunHaveTheirDecoder() async throws {
        let test = try await service("analysis/reconstruction_simmim.safetensors")
        let checkpoint = try Checkpoint.open(fixture("analysis/reconstruction_simmim.safetensors"))
        var tensors = try #require(checkpoint.stateDicts().first?.dict)
        for name in tensors.names {
            tensors["optimizer.first_moment." + name] = tensors[name].map { .init($0.tensor().map { _ in 7 }) }
        }
        try SafeTensors.write(tensors, metadata: ["num_heads": "3"], to: "\(test.folder)/models/step.safetensors")
        let half = [0.5, 0.5, 0.5]
        _ = try await test.service.register(
            ModelRegistration(
                name: "step", path: "step.safetensors", numHeads: 3, imgSize: ImageSize(height: 16, width: 16),
                preprocess: LoadOptions(cropPct: 1, mean: half, std: half)), waiting: 60)
        let parameters: [AnalysisParameter] = [.init("image", "formula:0"), .init("mask", "1-3")]
        let own = try await test.service.run(
            try await test.service.prepare(.reconstruction, model: "m", parameters: parameters))
        let step = try await test.service.run(
            try await test.service.prepare(.reconstruction, model: "step", parameters: parameters))
        #expect(own.numbers("reconstruction") == step.numbers("reconstruction"))
    }

    @Test func whatDoesNotFitIsSaid() async throws {
        let test = try await service("analysis/reconstruction_mae.safetensors")
        try await test.register("a")
        let without = await failure {
            _ = try await test.prepare(.reconstruction, "a", ["image": "formula:0"])
        }
        #expect(without?.detail.contains("has no decoder") == true)
        for (more, pointer) in [
            (["mask": "all"] as KeyValuePairs<String, String>, "/mask"), (["mask": "16"], "/mask"),
            (["mask": "0", "mask_ratio": "0.5"], "/mask_ratio"), (["mask": "0", "seed": "1"], "/seed"),
            (["mask_patch_size": "6"], "/mask_patch_size"), (["mask_patch_size": "16"], "/mask_ratio"),
            (["mask_ratio": "1"], "/mask_ratio"), (["visible": "none"], "/visible"),
        ] {
            let error = await failure { _ = try await self.ask(test, more) }
            guard case .invalid(let faults)? = error else {
                #expect(Bool(false), "\(more)")
                continue
            }
            #expect(faults.map(\.pointer) == [pointer], "\(more)")
        }
        let simple = try await service("analysis/reconstruction_simmim.safetensors")
        for name in ["norm_pix", "decoder_heads"] {
            let error = await failure {
                _ = try await simple.prepare(
                    .reconstruction, "m", ["image": "formula:0", name: name == "norm_pix" ? "true" : "2"])
            }
            guard case .invalid(let faults)? = error else { return #expect(Bool(false), "\(name)") }
            #expect(faults.map(\.pointer) == ["/" + name])
        }
    }
}
