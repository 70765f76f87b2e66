import Catalogue
import TestSupport
import Checkpoints
import Engine
import Images
import JSON
import Models
import Platform
import Service
import ServiceTestSupport
import Testing

/// Models whose grid is not square and that have registers, and images that have nothing to tell apart.
@Suite struct OddModelTests {
    /// Four by six patches, behind a class token and two registers.
    private func service() async throws -> TestService {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: 32, width: 48), patchSize: 8, embedDim: 32, depth: 3, numHeads: 4, mlpHidden: 64)
        config.numRegisters = 2
        config.posEmbed = .patches
        let test = try await TestService()
        try SafeTensors.write(
            VisionTransformer.randomStateDict(config, seed: 3), to: "\(test.folder)/models/odd.safetensors")
        _ = try await test.service.register(
            ModelRegistration(
                name: "odd", path: "odd.safetensors", numHeads: 4, imgSize: ImageSize(height: 32, width: 48)),
            waiting: 60)
        return test
    }

    @Test(arguments: AnalysisKinds.standard.all.filter { !AnalysisKind.particular.contains($0) })
    func everyAnalysisTakesThem(_ kind: AnalysisKind) async throws {
        let test = try await service()
        let drawn = [0, 1, 2].map { "shapes-textures:\($0)" }, pets = [0, 1, 2, 4, 5].map { "pets:\($0)" }
        var parameters = (kind == .shapeBias ? drawn : pets).map { AnalysisParameter("image", $0) }
        if kind.spec.comparesTwo { parameters += [.init("a", "odd"), .init("b", "odd")] }
        if kind == .tsne { parameters.append(.init("iterations", "20")) }
        let result = try await test.service.run(
            try await test.service.prepare(kind, model: kind.spec.comparesTwo ? nil : "odd", parameters: parameters))
        if !kind.spec.comparesTwo {
            #expect(result["grid"] == .list([.int(4), .int(6)]) && result["num_prefix_tokens"] == .int(3))
        }
        let numbers = result.numbers(result.mainField), reasons = result["reasons"]?.elements ?? []
        #expect(!numbers.isEmpty)
        if numbers.contains(where: { !$0.isFinite }) { #expect(!reasons.isEmpty) }
        let png = try await test.service.encode(result, as: .png)
        #expect(try Image.decode(png.bytes, orientation: .ignore).width > 100)
    }

    @Test(arguments: ["cls", "mean", "3,5", "all"]) func mapsHaveTheGridAndNoPrefixes(_ query: String) async throws {
        let test = try await service()
        let result = try await test.analyze(
            .attention, "odd", ["image": "pets:0", "query": query, "layer": "all", "head": "all"])
        let shape = try #require(result.array("attention")?.shape)
        #expect(shape.suffix(2) == [4, 6] && shape.contains(3))
        let numbers = result.numbers("attention")
        for map in stride(from: 0, to: numbers.count, by: 24) {
            #expect(abs(numbers[map..<map + 24].reduce(0, +) - 1) < 1e-5)
        }
        let error = await failure {
            _ = try await test.analyze(.attention, "odd", ["image": "pets:0", "query": "4,0"])
        }
        guard case .invalid(let faults)? = error else { return #expect(Bool(false), "row 4 of 4") }
        #expect(faults[0].pointer == "/query" && faults[0].detail.contains("columns from 0 to 5"))
    }

    /// The class token's row of a rollout, and registers counted apart from it.
    @Test func registersAreTheirOwn() async throws {
        let test = try await service()
        let rollout = try await test.analyze(.attentionRollout, "odd", ["image": "pets:0", "discard_ratio": "0"])
        #expect(rollout.array("rollout")?.shape == [1, 4, 6] && rollout.numbers("rollout").max() == 1)
        let shares = try await test.analyze(.clsAttention, "odd", ["image": "pets:0", "image": "pets:1"])
        #expect(shares.numbers("patches_to_registers").everyOne { $0 > 0 && $0 < 1 })
        let norms = try await test.analyze(.tokenNorms, "odd", ["image": "pets:0", "image": "pets:1"])
        #expect(norms.numbers("register_norm").everyOne { $0 > 0 })
    }

    /// Nothing varies between images that are the same, so nothing can be aligned: null, with a reason.
    @Test(arguments: ["biased", "unbiased"]) func imagesThatAreTheSame(_ estimator: String) async throws {
        let test = try await service()
        try Folder.create("\(test.folder)/datasets/same/all")
        for index in 0..<5 {
            try AtomicFile.write(TestService.picture(3), to: "\(test.folder)/datasets/same/all/\(index).png")
        }
        _ = try await test.service.createProbeSet(ProbeSetRequest(name: "same", dataset: "same", numImages: 5))
        let result = try await test.analyze(
            .cka, nil, ["probe_set": "same", "a": "odd", "b": "odd", "estimator": estimator])
        #expect(result.numbers("cka").count == 16 && result.numbers("cka").everyOne { $0.isNaN })
        let reasons = result["reasons"]?.elements ?? []
        #expect(!reasons.isEmpty)
        let json = String(decoding: try await test.service.encode(result, as: .json).bytes, as: UTF8.self)
        #expect(!json.contains("nan") && !json.contains("NaN") && json.contains("null"))
    }
}
