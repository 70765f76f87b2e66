import Catalogue
import Engine
import JSON
import Service
import ServiceTestSupport
import TestSupport
import Testing

@Suite struct PatchCorrespondenceTaskTests {
    private let images: KeyValuePairs<String, String> = ["image": "pets:0", "image": "pets:5", "depths": "all"]

    @Test func everyFormIsMade() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(.patchCorrespondence, "a", images)
        #expect(result.array("matches")?.shape == [2, 4, 4, 4] && result.array("places")?.shape == [2, 4, 4, 4, 3])
        for format in [ResultFormat.json, .csv, .npy, .npz, .png] {
            #expect(try await test.service.encode(result, as: format).bytes.count > 64)
        }
        // The first image is its own: each patch has itself, and the colour of its place.
        let matches = result.numbers("matches"), places = result.numbers("places")
        #expect(Array(matches[..<16]) == (0..<16).map(Double.init))
        #expect(result.numbers("similarity")[..<16].everyOne { abs($0 - 1) < 1e-6 })
        #expect(Array(places[..<3]) == [0, 0, 1] && Array(places[45..<48]) == [1, 1, 0])
        #expect(result.numbers("mutual_share")[..<4].everyOne { $0 == 1 })
    }

    /// Both ways agree about what is mutual, and a mutual patch has the colour of its match.
    @Test func mutualIsMutual() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(.patchCorrespondence, "a", images)
        let matches = result.numbers("matches"), back = result.numbers("matches_of_first")
        let mutual = result.numbers("is_mutual"), places = result.numbers("places")
        var seen = 0.0
        for map in stride(from: 64, to: 128, by: 16) {
            for patch in 0..<16 {
                let match = try #require(Int(exactly: matches[map + patch]))
                let isMutual = back[map + match] == Double(patch)
                #expect(mutual[map + patch] == (isMutual ? 1 : 0))
                let colour = Array(places[(map + patch) * 3..<(map + patch) * 3 + 3])
                #expect(colour == (isMutual ? Array(places[match * 3..<match * 3 + 3]) : [0, 0, 0]))
                if isMutual { seen += 1 }
            }
        }
        #expect(seen > 0 && abs(result.numbers("mutual_share")[4...].reduce(0, +) * 16 - seen) < 1e-9)
    }

    @Test func oneImageIsRefused() async throws {
        let test = try await TestService()
        try await test.register("a")
        let error = await failure { _ = try await test.analyze(.patchCorrespondence, "a", ["image": "pets:0"]) }
        guard case .invalid(let faults)? = error else { return #expect(Bool(false), "one image") }
        #expect(faults[0].pointer == "/image" && faults[0].detail.contains("two"))
        let strict = try await test.analyze(
            .patchCorrespondence, "a", ["image": "pets:0", "image": "pets:5", "min_similarity": "1"])
        #expect(strict.numbers("mutual_share")[1] == 0)
    }
}
