import Catalogue
import TestSupport
import Checkpoints
import Engine
import Foundation
import Images
import JSON
import Models
import Platform
import ServiceTestSupport
import Tensors
import Testing

@Suite struct GradientRolloutTaskTests {
    /// Writes a model of five classes.
    private func classifier(_ test: TestService) async throws {
        var config = TestService.config
        config.numClasses = 5
        try SafeTensors.write(
            VisionTransformer.randomStateDict(config, seed: 5), to: "\(test.folder)/models/c.safetensors")
        try await test.register("c")
    }

    @Test func aMapForEachImageAndTarget() async throws {
        let test = try await TestService()
        try await test.register("a")
        try await classifier(test)
        let feature = try await test.analyze(.gradientRollout, "a", ["image": "pets:0", "image": "pets:1"])
        #expect(feature["target"] == .string("feature"))
        #expect(feature.array("rollout")?.shape == [2, 4, 4])
        let numbers = feature.numbers("rollout")
        #expect(numbers.everyOne { $0 >= 0 && $0 <= 1 } && numbers.max() == 1)
        #expect(feature.numbers("scores").everyOne { $0 > 0 })

        let largest = try await test.analyze(.gradientRollout, "c", ["image": "pets:0"])
        guard case .int(let best)? = largest["classes"]?.elements.first else {
            return #expect(Bool(false), "no class")
        }
        let named = try await test.analyze(.gradientRollout, "c", ["image": "pets:0", "class": "\(best)"])
        #expect(named.id != largest.id && named.numbers("rollout") == largest.numbers("rollout"))
        let other = try await test.analyze(.gradientRollout, "c", ["image": "pets:0", "class": "\((best + 1) % 5)"])
        #expect(other.numbers("rollout") != largest.numbers("rollout"))
        #expect(other.numbers("scores")[0] < largest.numbers("scores")[0])
        let literal = try await test.analyze(
            .gradientRollout, "c", ["image": "pets:0", "convention": "reference", "discard_ratio": "0"])
        #expect(literal["convention"] == .string("reference"))
        #expect(Set(largest.fields.map(\.name)).count == largest.fields.count)
    }

    /// An image alone and among others: the same map, whatever the batch.
    @Test func batchesDoNotMatter() async throws {
        let test = try await TestService()
        try await test.register("a")
        let all = try await test.analyze(
            .gradientRollout, "a",
            ["image": "pets:0", "image": "pets:1", "image": "pets:2", "discard_ratio": "0"])
        for index in 0..<3 {
            let one = try await test.analyze(
                .gradientRollout, "a", ["image": "pets:\(index)", "discard_ratio": "0"])
            let row = Array(all.numbers("rollout")[index * 16..<(index + 1) * 16])
            for (mine, theirs) in zip(one.numbers("rollout"), row) { #expect(abs(mine - theirs) < 1e-4) }
        }
    }

    @Test func whatDoesNotFitIsRefused() async throws {
        let test = try await TestService()
        try await test.register("a")
        try await classifier(test)
        let questions: [(String, KeyValuePairs<String, String>, String)] = [
            ("a", ["image": "pets:0", "target": "class"], "/target"),
            ("a", ["image": "pets:0", "class": "1"], "/class"),
            ("c", ["image": "pets:0", "class": "5"], "/class"),
            ("c", ["image": "pets:0", "class": "-1"], "/class"),
            ("c", ["image": "pets:0", "target": "head"], "/target"),
            ("c", ["image": "pets:0", "discard_ratio": "1.5"], "/discard_ratio"),
            ("c", ["image": "pets:0", "discard_ratio": "nan"], "/discard_ratio"),
        ]
        for (model, parameters, pointer) in questions {
            let error = await failure { _ = try await test.prepare(.gradientRollout, model, parameters) }
            guard case .invalid(let faults)? = error else {
                #expect(Bool(false), "\(parameters)")
                continue
            }
            #expect(faults.map(\.pointer) == [pointer])
        }
    }

    @Test func aFileThatChangedIsNoticed() async throws {
        let test = try await TestService()
        try await test.register("a")
        let stateDict = VisionTransformer.randomStateDict(TestService.config, seed: 9)
        // Over the same file: one that takes its name leaves the old one to those who have it open.
        let file = try #require(FileHandle(forUpdatingAtPath: "\(test.folder)/models/a.safetensors"))
        try file.write(contentsOf: Data(SafeTensors.encode(stateDict)))
        try file.close()
        let error = await failure { _ = try await test.analyze(.gradientRollout, "a", ["image": "pets:0"]) }
        guard case .conflict(let sentence)? = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(sentence.contains("Load “a” again"))
    }
}
