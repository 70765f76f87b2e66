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

/// The maps of a pooling by attention, and what such a network does not answer.
@Suite struct PoolingAttentionTaskTests {
    /// With `siglip`, timm's with two heads and a classifier of five classes.
    private func service() async throws -> TestService {
        let test = try await TestService()
        try FileManager.default.copyItem(
            atPath: fixture("newer_models/files/timm_siglip.safetensors"),
            toPath: test.folder + "/models/siglip.safetensors")
        let info = try await test.service.register(
            ModelRegistration(
                name: "siglip", path: "siglip.safetensors", numHeads: 2, imgSize: ImageSize(height: 24, width: 12),
                activation: "gelu"), waiting: 60)
        #expect(info.state == .ready && info.config?.attnPool == AttentionPool(numHeads: 2, mlpHidden: 32))
        return test
    }

    @Test func everyHeadHasAMapOfThePatches() async throws {
        let test = try await service()
        let maps = try await test.analyze(
            .poolingAttention, "siglip", ["image": "pets:0", "image": "pets:1", "head": "all"])
        #expect(maps.array("attention")?.shape == [2, 2, 6, 3])
        let numbers = maps.numbers("attention")
        for map in stride(from: 0, to: numbers.count, by: 18) {
            #expect(abs(numbers[map..<map + 18].reduce(0, +) - 1) < 1e-5)
        }
        // Fused they are the mean; without a prefix both normalizations are the same.
        let mean = try await test.analyze(
            .poolingAttention, "siglip", ["image": "pets:0", "image": "pets:1", "normalize": "none"])
        #expect(mean.array("attention")?.shape == [2, 1, 18])
        for (index, number) in mean.numbers("attention").enumerated() {
            let (image, patch) = (index / 18, index % 18)
            let both = numbers[image * 36 + patch] + numbers[image * 36 + 18 + patch]
            #expect(abs(number - both / 2) < 1e-6)
        }
        let second = try await test.analyze(.poolingAttention, "siglip", ["image": "pets:0", "head": "1"])
        #expect(second.numbers("attention") == Array(numbers[18..<36]))
        let png = try await test.service.encode(maps, as: .png)
        #expect(try Image.decode(png.bytes, orientation: .ignore).width > 100)
    }

    @Test func itIsTheMapThatPyTorchComputes() async throws {
        let test = try await service()
        let folder = test.folder
        let wanted = try SafeTensors.decode(
            MappedFile.open(fixture("newer_models/references/timm_siglip.safetensors"))
        ).tensors
        let expected = try #require(wanted["pooling"]).tensor().array
        let stored = try SafeTensors.decode(MappedFile.open(fixture("newer_models/images.safetensors"))).tensors
        let images = try #require(stored["24x12"]).tensor()
        let checkpoint = try Checkpoint.open(folder + "/models/siglip.safetensors")
        var hints = ModelHints()
        (hints.numHeads, hints.imgSize, hints.activation) = (2, ImageSize(height: 24, width: 12), .gelu)
        let model = try KeyMap.recognise(checkpoint.stateDicts(), hints: hints)
        var request = IntermediatesRequest()
        request.pooling = true
        let seen = try VisionTransformer(config: model.config, stateDict: model.stateDict)
            .forwardIntermediates(images, request: request, pool: ThreadPool(threads: 2))
        let found = try #require(seen.poolingAttention).array
        #expect(zip(found, expected).everyOne { abs($0 - $1) < 1e-5 })
    }

    @Test func aModelWithoutOneSaysSo() async throws {
        let test = try await TestService()
        try await test.register("a")
        let error = await failure { _ = try await test.analyze(.poolingAttention, "a", ["image": "pets:0"]) }
        guard case .invalid(let faults)? = error else { return #expect(Bool(false), "there is no pooling") }
        #expect(faults[0].detail.contains("no pooling by attention"))
    }

    @Test func aClassBehindItHasNoGradients() async throws {
        let test = try await service()
        let error = await failure {
            _ = try await test.analyze(.gradientRollout, "siglip", ["image": "pets:0", "target": "class"])
        }
        guard case .invalid(let faults)? = error else { return #expect(Bool(false), "a gradient went through it") }
        #expect(faults[0].pointer == "/target" && faults[0].detail.contains("pooling by attention"))
        let features = try await test.analyze(.gradientRollout, "siglip", ["image": "pets:0"])
        #expect(
            features["target"] == .string("feature") && features.numbers(features.mainField).everyOne { $0.isFinite })
    }
}
