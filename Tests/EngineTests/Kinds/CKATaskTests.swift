import Catalogue
import Engine
import JSON
import TestSupport
import Service
import ServiceTestSupport
import Testing

@Suite struct CKATaskTests {
    private func service() async throws -> TestService {
        let test = try await TestService()
        try await test.register("a")
        try await test.register("b")
        _ = try await test.service.createProbeSet(ProbeSetRequest(name: "all", dataset: "pets", numImages: 6))
        return test
    }

    @Test(arguments: ["linear", "rbf"], ["biased", "unbiased"])
    func aLayerIsLikeItself(kernel: String, estimator: String) async throws {
        let test = try await service()
        let result = try await test.analyze(
            .cka, nil, ["a": "a", "b": "a", "probe_set": "all", "kernel": kernel, "estimator": estimator])
        let cka = result.numbers("cka")
        #expect(result.array("cka")?.shape == [4, 4])
        for index in 0..<4 { #expect(abs(cka[index * 5] - 1) < 1e-6) }
        for row in 0..<4 { for col in 0..<4 { #expect(abs(cka[row * 4 + col] - cka[col * 4 + row]) < 1e-9) } }
        #expect(result["layers_a"] == .list(["embed", "blocks.0", "blocks.1", "blocks.2"].map { .string($0) }))
    }

    @Test func twoModelsAreComparedLayerByLayer() async throws {
        let test = try await service()
        let result = try await test.analyze(
            .cka, nil, ["a": "a", "b": "b", "probe_set": "all", "layers_a": "embed,-1", "layers_b": "blocks.0-1,2"])
        #expect(result.array("cka")?.shape == [2, 3] && result.numbers("cka").everyOne { abs($0) <= 1.5 })
        #expect(result["layers_a"] == .list([.string("embed"), .string("blocks.2")]))
        #expect(result["layers_b"] == .list([.string("blocks.0"), .string("blocks.1"), .string("blocks.2")]))
        #expect(result["a"]?["name"] == .string("a") && result["b"]?["name"] == .string("b"))
        // The other way round it is the transpose, out of kept features.
        let forwarded = await test.service.statistics().imagesForwarded
        let turned = try await test.analyze(
            .cka, nil, ["a": "b", "b": "a", "probe_set": "all", "layers_a": "0-2", "layers_b": "embed,2"])
        for row in 0..<2 {
            for col in 0..<3 {
                #expect(abs(result.numbers("cka")[row * 3 + col] - turned.numbers("cka")[col * 2 + row]) < 1e-9)
            }
        }
        #expect(await test.service.statistics().imagesForwarded == forwarded)
    }

    @Test(arguments: ["cls", "patch_mean", "patches"])
    func everyChoiceOfTokensWorksInBatches(tokens: String) async throws {
        let test = try await service()
        let result = try await test.analyze(
            .cka, nil,
            [
                "a": "a", "b": "b", "probe_set": "all", "tokens": tokens, "batch_size": "3", "estimator": "biased",
                "layers_a": "0-2", "layers_b": "all",
            ])
        #expect(result["tokens"] == .string(tokens) && result["batch_size"] == .int(3))
        // The class token is the same for every image before the first block, and its column is undefined.
        let isUndefined = tokens == "cls"
        for (place, number) in result.numbers("cka").enumerated() {
            let isFirst = place % 4 == 0
            #expect(isFirst && isUndefined ? number.isNaN : number >= 0 && number <= 1 + 1e-9)
        }
        #expect(result["reasons"]?.elements.isEmpty == !isUndefined)
    }

    @Test func tooFewImagesAndWrongNamesAreFaults() async throws {
        let test = try await service()
        guard
            case .invalid(let faults)? = await failure({
                _ = try await test.analyze(
                    .cka, nil,
                    ["a": "a", "b": "b", "image": "pets:0", "layers_a": "blocks.9", "layers_b": "head", "kernel": "x"])
            })
        else { return #expect(Bool(false), "faults") }
        #expect(faults.map(\.pointer) == ["/layers_a", "/layers_b", "/kernel"])
        guard
            case .invalid(let few)? = await failure({
                _ = try await test.analyze(.cka, nil, ["a": "a", "b": "b", "image": "pets:0"])
            })
        else { return #expect(Bool(false), "one image") }
        #expect(few.map(\.pointer) == ["/image"] && few[0].detail.contains("4"))
        let error = await failure { _ = try await test.analyze(.cka, nil, ["a": "a", "b": "c", "probe_set": "all"]) }
        guard case .notFound(.model, "c", _)? = error else { return #expect(Bool(false), "there is no c") }
        guard
            case .invalid(let missing)? = await failure({ _ = try await test.analyze(.cka, nil, ["probe_set": "all"]) })
        else { return #expect(Bool(false), "no models") }
        #expect(missing.map(\.pointer) == ["/a", "/b"])
    }
}
