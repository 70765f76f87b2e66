import Catalogue
import Engine
import Foundation
import Images
import JSON
import Platform
import Service
import ServiceTestSupport
import TestSupport
import Testing

/// Segmentation by patches beside NumPy's (Fixtures/analysis/segmentation.py), and what a probe learns.
@Suite struct SegmentationProbeTaskTests {
    private func service(_ network: String) async throws -> TestService {
        let test = try await TestService(), isRandom = network == "random"
        let root = URL(fileURLWithPath: fixture("")).deletingLastPathComponent().deletingLastPathComponent().path
        let path =
            isRandom ? fixture("analysis/gradient_rollout.safetensors") : "\(root)/deploy/demo/\(network).safetensors"
        let (height, width) = isRandom ? (8, 12) : (48, 48)
        try await test.addFixtureModel("m", path, heads: 3, height: height, width: width)
        try Folder.create("\(test.folder)/datasets/formula-masks")
        try FileManager.default.copyItem(
            atPath: fixture("analysis/masks/\(height)x\(width)"), toPath: "\(test.folder)/datasets/formula-masks/all")
        return test
    }

    private func ask(
        _ test: TestService, _ more: KeyValuePairs<String, String>, dataset: String = "formula", images: Int = 6
    ) async throws -> AnalysisResult {
        let parameters =
            (0..<images).map { AnalysisParameter("image", "\(dataset):\($0)") } + more.map { .init($0.key, $0.value) }
        return try await test.service.run(
            try await test.service.prepare(.segmentationProbe, model: "m", parameters: parameters))
    }

    @Test(arguments: ["moco_v3", "random"]) func agreesWithNumPy(_ network: String) async throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("analysis/segmentation.json")))
        let all = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let expected = try #require(all[network] as? [String: [Double]])
        let test = try await service(network)
        let result = try await ask(test, ["method": "knn", "k": "3"])
        #expect(result["train_images"] == .ints(try #require(all["train"] as? [Int])))
        #expect(result["labels"] == .ints([0, 1, 2]) && result["k"] == .int(3))
        for (name, numbers) in expected {
            var found = result.numbers(name)
            if case .double(let ceiling)? = result["ceiling"], name == "ceiling" { found = [ceiling] }
            #expect(found.count == numbers.count, "\(name)")
            let worst = pairs(found, numbers).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(worst < 1e-9, "\(network) \(name): \(worst)")
        }
    }

    /// Drawn images have their own masks, and a classifier of patches tells thing from background.
    @Test func aLinearProbeLearns() async throws {
        let test = try await service("moco_v3")
        let result = try await ask(
            test, ["depths": "0,-1", "epochs": "30", "train_fraction": "0.75"], dataset: "shapes-textures", images: 24)
        #expect(result["n_train"] == .int(18) && result["n_test"] == .int(6))
        #expect(result.numbers("pixel_accuracy").everyOne { $0 > 0.4 && $0 <= 1 })
        #expect(result.array("iou")?.shape[0] == 2)
        guard case .double(let ceiling)? = result["ceiling"] else { return #expect(Bool(false), "no ceiling") }
        #expect(result.numbers("miou").everyOne { $0 > 0.03 && $0 <= 1 } && ceiling > 0.5)
        #expect(result.array("prediction")?.shape == [6, 8, 8])
        var options = EncodingOptions()
        for format in [ResultFormat.json, .csv, .npy, .npz, .png] {
            #expect(try await test.service.encode(result, as: format).bytes.count > 64)
        }
        (options.figure, options.overlay) = ("prediction", true)
        let png = try Image.decode(
            try await test.service.encode(result, as: .png, options: options).bytes, orientation: .ignore)
        #expect(png.width > 2 * 150 && png.height > 6 * 150)
        let few = try await ask(
            test, ["depths": "-1", "train_patches": "100"], dataset: "shapes-textures", images: 8)
        #expect(few["n_learned_patches"] == .int(100))
    }

    /// Another mask of the same images is another question.
    @Test func masksDecideTheId() async throws {
        let test = try await service("random")
        let before = try await ask(test, ["method": "knn", "depths": "0"])
        let folder = "\(test.folder)/datasets/formula-masks/all"
        let other = try Data(contentsOf: URL(fileURLWithPath: folder + "/1.png"))
        try AtomicFile.write([UInt8](other), to: folder + "/0.png")
        let after = try await ask(test, ["method": "knn", "depths": "0"])
        #expect(before.id != after.id && before.numbers("miou") != after.numbers("miou"))
    }

    @Test func whatDoesNotFitIsSaid() async throws {
        let test = try await service("random")
        for (dataset, images, words) in [("pets", 2, "has no mask"), ("formula", 1, "two images")] {
            let error = await failure { _ = try await self.ask(test, [:], dataset: dataset, images: images) }
            guard case .conflict(let sentence)? = error else { return #expect(Bool(false), "\(dataset)") }
            #expect(sentence.contains(words))
        }
        try AtomicFile.write(TestService.picture(1), to: "\(test.folder)/datasets/formula-masks/all/2.png")
        let colours = await failure { _ = try await self.ask(test, [:]) }
        guard case .unreadable(let sentence)? = colours else { return #expect(Bool(false), "a mask in colours") }
        #expect(sentence.contains("formula:2") && sentence.contains("palette"))
        for (more, pointer) in [
            (["k": "3"] as KeyValuePairs<String, String>, "/k"), (["method": "knn", "epochs": "3"], "/epochs"),
            (["depths": "9"], "/depths"), (["train_fraction": "1"], "/train_fraction"),
        ] {
            let error = await failure { _ = try await self.ask(test, more) }
            guard case .invalid(let faults)? = error else {
                #expect(Bool(false), "\(more)")
                continue
            }
            #expect(faults.map(\.pointer) == [pointer])
        }
    }
}
