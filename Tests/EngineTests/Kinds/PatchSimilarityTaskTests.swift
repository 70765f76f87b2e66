import Catalogue
import Engine
import JSON
import Service
import ServiceTestSupport
import TestSupport
import Testing

@Suite struct PatchSimilarityTaskTests {
    private let images: KeyValuePairs<String, String> = ["image": "pets:0", "image": "pets:5"]

    private func ask(_ test: TestService, _ more: KeyValuePairs<String, String>) async throws -> AnalysisResult {
        let parameters = images.map { AnalysisParameter($0.key, $0.value) } + more.map { .init($0.key, $0.value) }
        return try await test.service.run(
            test.service.prepare(.patchSimilarity, model: "a", parameters: parameters))
    }

    @Test func everyFormIsMade() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await ask(test, ["depths": "all", "query": "2,1"])
        #expect(result.array("similarity")?.shape == [2, 4, 1, 4, 4])
        for format in [ResultFormat.json, .csv, .npy, .npz, .png] {
            #expect(try await test.service.encode(result, as: format).bytes.count > 64)
        }
        let numbers = result.numbers("similarity")
        for map in stride(from: 0, to: numbers.count, by: 16) {
            #expect(abs(numbers[map + 2 * 4 + 1] - 1) < 1e-6, "a patch is like itself")
            #expect(numbers[map..<map + 16].everyOne { abs($0) < 1 + 1e-6 })
        }
    }

    @Test func everyPatchHasTheMapThatItHasAlone() async throws {
        let test = try await TestService()
        try await test.register("a")
        let all = try await ask(test, ["query": "all"]).numbers("similarity")
        let one = try await ask(test, ["query": "3,2"]).numbers("similarity")
        let mean = try await ask(test, ["query": "mean"]).numbers("similarity")
        for image in 0..<2 {
            for patch in 0..<16 {
                #expect(one[image * 16 + patch] == all[(image * 16 + 14) * 16 + patch])
                let sum = (0..<16).reduce(0.0) { $0 + all[(image * 16 + $1) * 16 + patch] }
                #expect(abs(mean[image * 16 + patch] - sum / 16) < 1e-6)
            }
        }
    }

    /// The first image's token asks all images: its own map stays, the other's is another.
    @Test func oneImageAsksTheOthers() async throws {
        let test = try await TestService()
        try await test.register("a")
        let own = try await ask(test, ["query": "0,3"]).numbers("similarity")
        let across = try await ask(test, ["query": "0,3", "across": "true"]).numbers("similarity")
        #expect(Array(across[..<16]) == Array(own[..<16]) && across[16...] != own[16...])
        #expect(across[16 + 3] < 1 - 1e-6)
    }

    @Test func theFinalNormIsToldAndChangesTheNumbers() async throws {
        let test = try await TestService()
        try await test.register("a")
        let normed = try await ask(test, ["depth": "1"]),
            plain = try await ask(test, ["depth": "1", "final_norm": "false"])
        #expect(normed["final_norm"] == .bool(true) && plain["final_norm"] == .bool(false))
        #expect(normed.id != plain.id && normed.numbers("similarity") != plain.numbers("similarity"))
        let error = await failure { _ = try await ask(test, ["query": "9,9"]) }
        #expect(error?.detail.contains("9") == true)
    }
}
