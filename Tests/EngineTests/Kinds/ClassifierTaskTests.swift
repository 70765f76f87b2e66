import Catalogue
import Checkpoints
import Engine
import Foundation
import JSON
import Models
import Service
import ServiceTestSupport
import TestSupport
import Testing

/// Logit lens and relevance beside PyTorch's, of a trained and of a random classifier: Fixtures/analysis/classifier.py.
@Suite struct ClassifierTaskTests {
    private static let files = ["trained": "classifier", "random": "gradient_rollout"]

    private func service(_ network: String) async throws -> TestService {
        let test = try await TestService()
        try await test.addFixtureModel(
            "m", fixture("analysis/\(Self.files[network] ?? "").safetensors"), heads: 3, height: 8, width: 12)
        return test
    }

    private func ask(_ test: TestService, _ kind: AnalysisKind, _ more: KeyValuePairs<String, String>) async throws
        -> AnalysisResult
    {
        let parameters =
            (0..<6).map { AnalysisParameter("image", "formula:\($0)") } + more.map { .init($0.key, $0.value) }
        return try await test.service.run(try await test.service.prepare(kind, model: "m", parameters: parameters))
    }

    private func expected(_ network: String, _ question: String) throws -> [String: [Double]] {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("analysis/classifier.json")))
        return try #require(
            try JSONDecoder().decode([String: [String: [String: [Double]]]].self, from: data)[network]?[question])
    }

    private func check(_ result: AnalysisResult, _ expected: [String: [Double]], _ place: String) {
        for (name, numbers) in expected {
            let ints = result[name]?.elements.compactMap { $0.int.map(Double.init) } ?? []
            let found = ints.isEmpty ? result.numbers(name) : ints
            #expect(found.count == numbers.count, "\(place) \(name): \(found.count) numbers")
            let worst = pairs(found, numbers).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(worst < 2e-4, "\(place) \(name): \(worst)")
        }
    }

    @Test(arguments: ["trained", "random"]) func agreeWithPyTorch(_ network: String) async throws {
        let test = try await service(network)
        let lens = try await ask(test, .logitLens, ["k": "3"])
        check(lens, try expected(network, "lens"), network)
        #expect(lens.array("top_classes")?.shape == [6, 4, 3] && lens.numbers("agreement")[3] == 1)
        check(try await ask(test, .relevance, [:]), try expected(network, "relevance"), network)
        check(try await ask(test, .relevance, ["class": "3"]), try expected(network, "relevance 3"), network)
    }

    @Test func everyFormIsMade() async throws {
        let test = try await service("trained")
        let lens = try await ask(test, .logitLens, ["depths": "0,-1", "k": "100"])
        #expect(lens["k"] == .int(5) && lens["depths"] == .ints([0, 3]))
        let maps = try await ask(test, .relevance, [:])
        #expect(maps.array("maps")?.shape == [6, 2, 2, 3])
        for result in [lens, maps] {
            for format in [ResultFormat.json, .csv, .npy, .npz, .png] {
                #expect(try await test.service.encode(result, as: format).bytes.count > 64)
            }
        }
        var options = EncodingOptions()
        options.overlay = true
        #expect(try await test.service.encode(maps, as: .png, options: options).bytes.count > 1000)
    }

    /// Registers, a grid that is not square and no class token: what the classifier reads decides.
    @Test(arguments: [0, 3]) func otherLayoutsHaveTheirMaps(_ registers: Int) async throws {
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: 8, width: 12), patchSize: 4, embedDim: 12, depth: 2, numHeads: 3, mlpHidden: 24)
        config.numClasses = 4
        if registers > 0 {
            (config.numRegisters, config.posEmbed) = (registers, .patches)
        } else {
            (config.classToken, config.globalPool) = (false, .avg)
        }
        let test = try await TestService()
        let path = "\(test.folder)/odd.safetensors"
        try SafeTensors.write(VisionTransformer.randomStateDict(config, seed: 4), to: path)
        try await test.addFixtureModel("m", path, heads: 3, height: 8, width: 12)
        let maps = try await ask(test, .relevance, [:]), lens = try await ask(test, .logitLens, [:])
        #expect(maps.array("maps")?.shape == [6, 2, 2, 3] && maps.numbers("maps").everyOne { (0...1).contains($0) })
        #expect(lens.array("entropy")?.shape == [6, 3] && lens.numbers("agreement").last == 1)
    }

    @Test func whatDoesNotFitIsSaid() async throws {
        let test = try await service("trained")
        try await test.register("a")
        for kind in [AnalysisKind.logitLens, .relevance] {
            let error = await failure { _ = try await test.prepare(kind, "a", ["image": "formula:0"]) }
            guard case .invalid(let faults)? = error else { return #expect(Bool(false), "\(kind)") }
            #expect(faults.map(\.pointer) == ["/model"] && faults[0].detail.contains("has no classifier"))
        }
        let outside = await failure { _ = try await self.ask(test, .relevance, ["class": "5"]) }
        guard case .invalid(let faults)? = outside else { return #expect(Bool(false), "class 5 of 5") }
        #expect(faults.map(\.pointer) == ["/class"] && faults[0].detail.contains("0 to 4"))
    }
}
