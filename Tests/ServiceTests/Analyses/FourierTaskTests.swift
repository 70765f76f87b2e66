import Service
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
        #expect((0..<7).allSatisfy { curves[$0 * 2] == 0 })
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
}
