import Catalogue
import Engine
import JSON
import Service
import ServiceTestSupport
import Testing
import TestSupport

@Suite struct RepresentationQualityTaskTests {
    private func ask(_ test: TestService, _ more: KeyValuePairs<String, String>) async throws -> AnalysisResult {
        let images = (0..<6).map { AnalysisParameter("image", "pets:\($0)") }
        return try await test.service.run(
            test.service.prepare(
                .representationQuality, model: "a", parameters: images + more.map { .init($0.key, $0.value) }))
    }

    private func reason(_ result: AnalysisResult, _ field: String) -> String {
        (result["reasons"]?.elements ?? []).filter { $0["pointer"]?.string == "/" + field }
            .compactMap { $0["reason"]?.string }.joined(separator: " ")
    }

    @Test func everyNumberHasItsRange() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await ask(test, ["alpha_first": "1"])
        for name in ["rankme", "effective_rank", "lidar"] {
            #expect(
                result.numbers(name).count == 4 && result.numbers(name).everyOne { $0 >= 1 && $0 < 6.01 }, "\(name)")
        }
        #expect(result.numbers("effective_rank").everyOne { $0 <= 5 + 1e-9 })
        #expect(result.numbers("uniformity").everyOne { $0 <= 0 && $0 >= -8 })
        #expect(result.numbers("alignment").everyOne { $0 > 0 && $0 <= 4 })
        #expect(result.numbers("twonn").everyOne { $0 > 0 } && result.numbers("alpha_eigenvalues") == [5, 5, 5, 5])
        for format in [ResultFormat.json, .csv, .npy, .npz, .png] {
            #expect(try await test.service.encode(result, as: format).bytes.count > 64)
        }
    }

    /// Six images of 32 channels are few, and each number says what that means for it.
    @Test func smallSamplesAreToldOf() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await ask(test, [:])
        #expect(reason(result, "rankme").contains("no rank beyond 6"))
        #expect(reason(result, "alpha").contains("fewer than three") && result.numbers("alpha").everyOne { $0.isNaN })
        #expect(reason(result, "twonn").contains("41 %") && reason(result, "uniformity").contains("32 channels"))
        #expect(reason(result, "lidar").contains("4 views") && reason(result, "alignment").isEmpty)
    }

    /// The same views come again, others with another seed; what needs none stays.
    @Test func viewsAreDrawnFromTheSeed() async throws {
        let test = try await TestService()
        try await test.register("a")
        let first = try await ask(test, ["layers": "2"]),
            again = try await ask(test, ["layers": "2", "pool": "patch_mean"])
        let other = try await ask(test, ["layers": "2", "seed": "1"]),
            none = try await ask(test, ["layers": "2", "views": "1"])
        let smaller = try await ask(test, ["layers": "2", "crop_min": "0.05"])
        for name in ["alignment", "lidar"] {
            #expect(first.numbers(name) == again.numbers(name) && first.numbers(name) != other.numbers(name))
            #expect(none.numbers(name).everyOne { $0.isNaN } && reason(none, name).contains("views=2"))
            #expect(first.numbers(name) != smaller.numbers(name))
        }
        for name in ["rankme", "uniformity", "twonn"] {
            #expect(first.numbers(name) == other.numbers(name) && first.numbers(name) == none.numbers(name))
        }
        #expect(first.id == again.id && first.id != other.id)
        // Views that show less of an image are less alike.
        #expect(smaller.numbers("alignment")[1] > first.numbers("alignment")[1])
    }

    @Test func ranksBeyondTheLastAreRefused() async throws {
        let test = try await TestService()
        try await test.register("a")
        let error = await failure { _ = try await ask(test, ["alpha_first": "20", "alpha_last": "10"]) }
        guard case .invalid(let faults)? = error else { return #expect(Bool(false), "20 to 10") }
        #expect(faults[0].pointer == "/alpha_last")
    }
}
