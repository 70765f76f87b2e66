import Catalogue
import Engine
import JSON
import TestSupport
import Service
import ServiceTestSupport
import Testing

@Suite struct AttentionMetricTaskTests {
    @Test func oneLookServesAllThreeMetrics() async throws {
        let test = try await TestService()
        try await test.register("a")
        _ = try await test.service.createProbeSet(ProbeSetRequest(name: "all", dataset: "pets", numImages: 6))
        let distance = try await test.analyze(.attentionDistance, "a", ["probe_set": "all"])
        let nmi = try await test.analyze(.attentionNMI, "a", ["probe_set": "all"])
        let entropy = try await test.analyze(.attentionEntropy, "a", ["probe_set": "all"])
        #expect(await test.service.statistics().imagesForwarded == 6)
        #expect(distance["unit"] == .string("px") && nmi["unit"] == .string("1") && entropy["unit"] == .string("nat"))
        #expect(distance.array("per_head")?.shape == [3, 4] && distance["probe_set"]?["name"] == .string("all"))
        for (value, range) in [(distance, 0.0...34.0), (nmi, 0...1), (entropy, 0...2.7726)] {
            #expect(value.numbers("mean").count == 3 && value.numbers("mean").everyOne(range.contains))
            #expect(value.numbers("std").everyOne { $0 >= 0 })
            for (sem, std) in zip(value.numbers("sem"), value.numbers("std")) {
                #expect(abs(sem - std / 6.0.squareRoot()) < 1e-12)
            }
        }
        guard case .double(let uniform)? = distance["uniform"] else { return #expect(Bool(false), "no uniform") }
        #expect(abs(uniform - 16.064119755040703) < 1e-9)
    }

    @Test func questionsAtTheSameTimeShareTheLook() async throws {
        let test = try await TestService()
        try await test.register("a")
        try await withThrowingTaskGroup { group in
            for kind in [AnalysisKind.attentionDistance, .attentionNMI, .attentionEntropy] {
                group.addTask { _ = try await test.analyze(kind, "a", ["image": "pets:0", "image": "pets:1"]) }
            }
            try await group.waitForAll()
        }
        #expect(await test.service.statistics().imagesForwarded == 2)
    }

    @Test func onlyTheImagesThatAreNewAreLookedAt() async throws {
        let test = try await TestService()
        try await test.register("a")
        let one = try await test.analyze(.attentionDistance, "a", ["image": "pets:3"])
        let both = try await test.analyze(.attentionDistance, "a", ["image": "pets:3", "image": "pets:5"])
        let other = try await test.analyze(.attentionDistance, "a", ["image": "pets:5"])
        #expect(await test.service.statistics().imagesForwarded == 2)
        for layer in 0..<3 {
            let mean = (one.numbers("mean")[layer] + other.numbers("mean")[layer]) / 2
            #expect(abs(both.numbers("mean")[layer] - mean) < 1e-9)
        }
    }

    @Test func oneImageHasNoSpreadAndSaysWhy() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(.attentionNMI, "a", ["image": "pets:0", "layers": "1"])
        #expect(result.numbers("std").everyOne(\.isNaN) && result["layers"] == .list([.int(1)]))
        #expect(result["reasons"]?.elements.map { $0["pointer"] } == [.string("/std"), .string("/sem")])
        let text = String(decoding: try await test.service.encode(result, as: .json).bytes, as: UTF8.self)
        #expect(text.contains("\"std\":[null]") && !text.contains("nan"))
    }
}
