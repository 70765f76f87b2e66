import Catalogue
import Engine
import JSON
import ServiceTestSupport
import TestSupport
import Testing

@Suite struct InterventionTaskTests {
    private static let pets: KeyValuePairs = [
        "image": "pets:0", "image": "pets:1", "image": "pets:2", "image": "pets:3", "image": "pets:4",
        "image": "pets:5",
    ]

    @Test func aLesionOfEveryBranchHasAnAccuracy() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(.lesion, "a", Self.pets)
        #expect(result["classifier"] == .string("linear-probe"))
        #expect(result["classes"]?.elements == [.string("cats"), .string("dogs")])
        #expect(result["n_train"] == .int(3) && result["n_test"] == .int(3))
        #expect(result.array("accuracy_change")?.shape == [2, 3])
        #expect(result.numbers("accuracy").everyOne { (0...1).contains($0) })
        #expect(result.numbers("normalized_depth") == [0, 0.5, 1])
    }

    @Test func noNoiseCostsNothing() async throws {
        let test = try await TestService()
        try await test.register("a")
        let parameters: KeyValuePairs = [
            "image": "pets:0", "image": "pets:1", "image": "pets:2", "image": "pets:4", "image": "pets:5", "eps": "0",
            "frequencies": "0.2,0.8",
        ]
        let result = try await test.analyze(.frequencyRobustness, "a", parameters)
        #expect(result.numbers("accuracy_drop") == [0, 0] && result.numbers("frequency_pi") == [0.2, 0.8])
        let noisy = try await test.analyze(.frequencyRobustness, "a", Self.pets)
        #expect(noisy.numbers("accuracy").everyOne { (0...1).contains($0) } && noisy["eps"] == .double(0.7))
    }

    @Test func shapeAndTextureDecisionsAddUp() async throws {
        let test = try await TestService()
        try await test.register("a")
        let parameters: KeyValuePairs = [
            "image": "shapes-textures:0", "image": "shapes-textures:1", "image": "shapes-textures:2",
            "image": "shapes-textures:3", "n_train": "40",
        ]
        let result = try await test.analyze(.shapeBias, "a", parameters)
        let counts = ["n_shape", "n_texture", "n_other", "n_discarded"].compactMap { name -> Int? in
            guard case .int(let number)? = result[name] else { return nil }
            return number
        }
        #expect(counts.count == 4 && counts.reduce(0, +) == 4)
        #expect(result.array("shape_decisions")?.shape == [10] && result["n_train"] == .int(40))
        let unnamed = await failure { _ = try await test.analyze(.shapeBias, "a", ["image": "pets:0"]) }
        #expect(unnamed?.detail.contains("SHAPE1-TEXTURE1") == true)
    }

    @Test func wrongFrequenciesAndOneClassAreRefused() async throws {
        let test = try await TestService()
        try await test.register("a")
        let wrong = await failure {
            _ = try await test.analyze(.frequencyRobustness, "a", ["image": "pets:0", "frequencies": "0.1,two"])
        }
        #expect(wrong?.detail.contains("with commas") == true)
        let alone = await failure {
            _ = try await test.analyze(.lesion, "a", ["image": "pets:0", "image": "pets:1"])
        }
        #expect(alone?.detail.contains("one class") == true)
    }
}
