import Catalogue
import Engine
import JSON
import ServiceTestSupport
import TestSupport
import Testing

@Suite struct AttentionMassTests {
    /// The marked patches hold at least the share, and without the least of them they would not.
    @Test func theMaskHoldsTheMass() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(.attention, "a", ["image": "pets:0", "head": "all", "mass": "0.6"])
        let maps = result.numbers("attention"), mask = result.numbers("mask")
        #expect(result.array("mask")?.shape == result.array("attention")?.shape && result["mass"] == .double(0.6))
        #expect(maps.count == 4 * 16 && Set(mask) == [0, 1])
        for start in stride(from: 0, to: maps.count, by: 16) {
            let marked = (start..<start + 16).filter { mask[$0] == 1 }.map { maps[$0] }
            let held = marked.reduce(0, +), least = marked.min() ?? 0
            #expect(held >= 0.6 - 1e-5 && held - least <= 0.6 + 1e-5)
        }
        let plain = try await test.analyze(.attention, "a", ["image": "pets:0", "head": "all"])
        #expect(plain.array("mask") == nil && plain.id != result.id && plain.numbers("attention") == maps)
    }

    @Test func theMassNeedsPatches() async throws {
        let test = try await TestService()
        try await test.register("a")
        let wrong = await failure {
            _ = try await test.analyze(.attention, "a", ["image": "pets:0", "mass": "0.6", "normalize": "none"])
        }
        #expect(wrong?.detail.contains("normalize=patches") == true)
    }
}
