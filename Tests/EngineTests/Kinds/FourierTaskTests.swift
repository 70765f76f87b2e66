import Catalogue
import Engine
import JSON
import TestSupport
import Service
import ServiceTestSupport
import Testing

@Suite struct FourierTaskTests {
    @Test func everyTapHasACurveFromZero() async throws {
        let test = try await TestService()
        try await test.register("a")
        let result = try await test.analyze(.fourier, "a", ["image": "pets:0", "image": "pets:1"])
        #expect(result.array("delta_log_amplitude")?.shape == [7, 2])
        #expect(
            result["taps"]?.elements.prefix(3) == [.string("embed"), .string("blocks.0.attn"), .string("blocks.0.mlp")])
        #expect(result.numbers("frequency_pi") == [0, 0.5])
        let curves = result.numbers("delta_log_amplitude")
        #expect((0..<7).everyOne { curves[$0 * 2] == 0 })
        #expect(result.numbers("high_frequency") == (0..<7).map { curves[$0 * 2 + 1] })
        #expect(result["depth_curve"]?["depth"] == .list((0...3).map { .int($0) }))
    }

    @Test func theReferenceAxisRunsToOneAndSharesTheSpectra() async throws {
        let test = try await TestService()
        try await test.register("a")
        let corrected = try await test.analyze(.fourier, "a", ["image": "pets:0"])
        let reference = try await test.analyze(.fourier, "a", ["image": "pets:0", "convention": "reference"])
        #expect(reference.numbers("frequency_pi") == [0, 1] && reference.id != corrected.id)
        #expect(reference.numbers("delta_log_amplitude") == corrected.numbers("delta_log_amplitude"))
        #expect(await test.service.statistics().imagesForwarded == 1)
    }

    /// The map's half diagonal is the curve, and every tap has one.
    @Test func theMapHoldsTheCurve() async throws {
        let test = try await TestService()
        try await test.register("a")
        let images: KeyValuePairs<String, String> = ["image": "pets:0", "image": "pets:1", "map": "true"]
        let result = try await test.analyze(.fourier, "a", images)
        let map = try #require(result.array("log_amplitude_map"))
        #expect(map.shape == [7, 4, 4] && result.mainField == "log_amplitude_map")
        let numbers = result.numbers("log_amplitude_map"), curve = result.numbers("delta_log_amplitude")
        for tap in 0..<7 {
            // Zero frequency is in the middle of a 4×4 map, at (2, 2).
            let (zero, one) = (numbers[tap * 16 + 10], numbers[tap * 16 + 15])
            #expect(abs(one - zero - curve[tap * 2 + 1]) < 1e-9)
        }
        #expect(Array(numbers.suffix(16)) == result.numbers("last_log_amplitude_map"))
        let plain = try await test.analyze(.fourier, "a", ["image": "pets:0", "image": "pets:1"])
        #expect(plain.id != result.id && plain.numbers("delta_log_amplitude") == curve)
        #expect(plain.array("log_amplitude_map") == nil)
        let wrong = await failure { _ = try await test.prepare(.fourier, "a", ["image": "pets:0", "map": "yes"]) }
        guard case .invalid(let faults)? = wrong else { return #expect(Bool(false), "yes is no flag") }
        #expect(faults[0].pointer == "/map")
    }
}
