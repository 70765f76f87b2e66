import Catalogue
import Engine
import JSON
import Service
import ServiceTestSupport
import Testing

@Suite struct AttentionTaskTests {
    @Test func rowsAddUpToOneAndEchoWhatWasAsked() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(
            .attention, "a", ["image": "pets:0", "image": "pets:4", "layer": "0,-1", "head": "all", "query": "all"])
        let array = try #require(result.array("attention"))
        #expect(array.shape == [2, 2, 4, 16, 4, 4])
        #expect(array.axes == ["image", "layer", "head", "query", "key_row", "key_col"])
        let numbers = result.numbers("attention")
        for start in stride(from: 0, to: numbers.count, by: 16) {
            #expect(abs(numbers[start..<start + 16].reduce(0, +) - 1) < 1e-5)
        }
        #expect(result["layers"] == .list([.int(0), .int(2)]))
        #expect(result["heads"] == .list((0..<4).map { .int($0) }))
        #expect(result["n_images"] == .int(2) && result["grid"] == .list([.int(4), .int(4)]))
        #expect(result["images"]?.elements.first?["ref"] == .string("pets:0"))
        #expect(result["model"]?["name"] == .string("a"))
    }

    @Test func aPartIsThePartOfTheWhole() async throws {
        let test = try await TestService { $0.limits.activationCacheBytes = 0 }
        let kept = try await TestService()
        var answers: [[Double]] = []
        for test in [test, kept] {
            try await test.register("a")
            let whole = try await test.analyze(
                .attention, "a", ["image": "pets:1", "layer": "1", "head": "all", "query": "all"])
            let part = try await test.analyze(
                .attention, "a", ["image": "pets:1", "layer": "1", "head": "2", "query": "3,1"])
            let start = (2 * 16 + 13) * 16
            let expected = Array(whole.numbers("attention")[start..<start + 16])
            for (a, b) in zip(part.numbers("attention"), expected) { #expect(abs(a - b) < 1e-6) }
            answers.append(part.numbers("attention"))
        }
        for (a, b) in zip(answers[0], answers[1]) { #expect(abs(a - b) < 1e-6) }
    }

    @Test func lookingAgainDoesNotRunTheModel() async throws {
        let test = try await TestService()
        try await test.register("a")
        let first = try await test.analyze(
            .attention, "a", ["image": "pets:0", "layer": "1", "head": "0", "query": "0,0"])
        #expect(first.timing.serverTiming.contains("cache;desc=miss"))
        #expect(await test.service.statistics().imagesForwarded == 1)
        // Another head and query of the same layer come out of the kept maps, the same question out of kept results.
        let second = try await test.analyze(
            .attention, "a", ["image": "pets:0", "layer": "1", "head": "3", "query": "2,2"])
        #expect(second.timing.serverTiming.contains("cache;desc=hit"))
        let third = try await test.analyze(
            .attention, "a", ["image": "pets:0", "layer": "1", "head": "0", "query": "0,0"])
        #expect(third.id == first.id && third.numbers("attention") == first.numbers("attention"))
        let statistics = await test.service.statistics()
        #expect(
            statistics.imagesForwarded == 1 && statistics.cache("results")?.hits == 1
                && (statistics.cache("activations")?.hits ?? 0) > 0)
    }

    @Test func theIdentityIsOfTheBytesAndNotOfTheName() async throws {
        let test = try await TestService()
        try await test.register("a")
        try await test.register("twin", "a.safetensors")
        try await test.register("b")
        let ids = try await [
            test.prepare(.attention, "a", ["image": "pets:0", "layer": "-1"]).id,
            test.prepare(.attention, "twin", ["image": "pets:0", "layer": "2"]).id,
            test.prepare(.attention, "b", ["image": "pets:0", "layer": "2"]).id,
            test.prepare(.attention, "a", ["image": "pets:1", "layer": "2"]).id,
        ]
        #expect(ids[0] == ids[1] && Set(ids).count == 3)
        let twin = try await test.analyze(.attention, "twin", ["image": "pets:0"])
        #expect(twin["model"]?["name"] == .string("twin"))
    }

    @Test func headsFuseNumberByNumber() async throws {
        let test = try await TestService()
        try await test.register("a")
        let all = try await test.analyze(.attention, "a", ["image": "pets:0", "head": "all"]).numbers("attention")
        let most = try await test.analyze(.attention, "a", ["image": "pets:0", "head": "max"])
        #expect(most.array("attention")?.shape == [1, 1, 1, 1, 4, 4] && most["heads"] == .list([.string("max")]))
        for (place, number) in most.numbers("attention").enumerated() {
            #expect(number == (0..<4).map { all[$0 * 16 + place] }.max())
        }
    }

    @Test func everyFaultIsToldAtOnceAndSaysWhatThereIs() async throws {
        let test = try await TestService()
        try await test.register("a")
        guard
            case .invalid(let faults)? = await failure({
                _ = try await test.analyze(
                    .attention, "a",
                    [
                        "image": "pets:0", "layer": "99", "head": "-20", "query": "north", "normalize": "yes",
                        "colour": "red",
                    ])
            })
        else { return #expect(Bool(false), "five faults") }
        #expect(faults.map(\.pointer) == ["/colour", "/layer", "/head", "/query", "/normalize"])
        #expect(faults[1].detail == "Layer 99 does not exist: this model has 3, so write 0 to 2, or -3 to -1.")
        #expect(faults[2].detail == "Head -20 does not exist: this model has 4, so write 0 to 3, or -4 to -1.")
    }

    @Test func aPatchBesideTheGridIsRefused() async throws {
        let test = try await TestService()
        try await test.register("a")
        guard
            case .invalid(let faults)? = await failure({
                _ = try await test.analyze(.attention, "a", ["image": "pets:0", "query": "4,0"])
            })
        else { return #expect(Bool(false), "the grid is 4 by 4") }
        #expect(faults[0].pointer == "/query" && faults[0].detail.contains("0 to 3"))
    }

    @Test func withoutImagesNothingGoes() async throws {
        let test = try await TestService()
        try await test.register("a")
        guard case .invalid(let faults)? = await failure({ _ = try await test.analyze(.attention, "a", [:]) }) else {
            return #expect(Bool(false), "no image")
        }
        #expect(faults.map(\.pointer) == ["/image"])
    }

    @Test func whatIsOverTheMemoryBudgetNamesTheSmallerAlternative() async throws {
        let test = try await TestService { $0.limits.computeBytes = 20_000 }
        try await test.register("a")
        guard
            case .tooLarge(_, let alternative)? = await failure({
                _ = try await test.analyze(
                    .attention, "a", ["image": "pets:0", "layer": "all", "query": "all", "head": "all"])
            })
        else { return #expect(Bool(false), "over the budget") }
        #expect(alternative.contains("fewer"))
    }

    @Test func rolloutGivesAMapAnImage() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(
            .attentionRollout, "a", ["image": "pets:0", "image": "pets:1", "discard_ratio": "0"])
        #expect(result.array("rollout")?.shape == [2, 4, 4])
        #expect(result.numbers("rollout").max() == 1)
        guard
            case .invalid(let faults)? = await failure({
                _ = try await test.analyze(
                    .attentionRollout, "a", ["image": "pets:0", "discard_ratio": "2", "head_fusion": "sum"])
            })
        else { return #expect(Bool(false), "two faults") }
        #expect(Set(faults.map(\.pointer)) == ["/discard_ratio", "/head_fusion"])
    }

    @Test func wrongImagesLayersAndQueriesAreToldAtOnce() async throws {
        let test = try await TestService()
        try await test.register("a")
        guard
            case .invalid(let faults)? = await failure({
                _ = try await test.prepare(.attention, "a", ["image": "foo", "layer": "99", "query": "99,99"])
            })
        else { return #expect(Bool(false), "three faults") }
        #expect(faults.map(\.pointer) == ["/image", "/layer", "/query"])
    }

    @Test func anAnswerTooLargeForItsFormIsRefusedBeforehand() async throws {
        let test = try await TestService()
        try await test.register("a")
        let prepared = try await test.service.prepare(
            .attention, model: "a",
            parameters: (0..<60).map { AnalysisParameter("image", "shapes-textures:\($0)") }
                + [.init("layer", "all"), .init("head", "all")], format: .json)
        guard case .invalid(let faults)? = await failure({ try prepared.check(.png) }) else {
            return #expect(Bool(false), "720 maps are dots")
        }
        #expect(faults.map(\.pointer) == ["/format"] && faults[0].detail.contains("720"))
    }
}
