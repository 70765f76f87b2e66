import Catalogue
import Engine
import Foundation
import Images
import JSON
import Models
import Platform
import Service
import ServiceTestSupport
import Testing
import TestSupport

/// The decoder of masked autoencoders beside PyTorch's: Fixtures/analysis/decoder_fourier.py.
@Suite struct DecoderFourierTests {
    private static let images = (0..<6).map { AnalysisParameter("image", "formula:\($0)") }

    /// A service with the fixture's models by the names of their files, and six images.
    private func service() async throws -> TestService {
        let test = try await TestService()
        try test.addFormulaImages(6, height: 16, width: 16)
        let half = [0.5, 0.5, 0.5]
        for file in ["mae_train.pth", "hf_vit_mae", "hf_vit_mae_new_names.pt", "mae_pretrain_vit_small.pth"] {
            try FileManager.default.copyItem(
                atPath: fixture("models/files/\(file)"), toPath: "\(test.folder)/models/\(file)")
            _ = try await test.service.register(
                ModelRegistration(
                    name: file, path: file, numHeads: 3,
                    preprocess: LoadOptions(cropPct: 1, mean: half, std: half)), waiting: 60)
        }
        return test
    }

    private func ask(_ test: TestService, _ model: String, _ more: KeyValuePairs<String, String>) async throws
        -> AnalysisResult
    {
        let parameters = Self.images + more.map { AnalysisParameter($0.key, $0.value) }
        return try await test.service.run(
            try await test.service.prepare(.fourier, model: model, parameters: parameters))
    }

    @Test func agreesWithPyTorch() async throws {
        let test = try await service()
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("analysis/decoder_fourier.json")))
        let expected = try JSONDecoder().decode([String: [String: [Double]]].self, from: data)
        for (file, fields) in expected {
            // The first file does not say how many heads its decoder has.
            let forms = file == "hf_vit_mae" ? [file, "hf_vit_mae_new_names.pt"] : [file]
            for model in forms {
                let result = try await ask(
                    test, model, ["part": "decoder", "mask_ratio": "0", "map": "true", "decoder_heads": "2"])
                #expect(result["decoder_heads"] == .int(2) && result["decoder_dim"] == .int(8))
                #expect(result["taps"] == .list([.string("decoder_embed"), .string("decoder_blocks.0")]))
                for (name, numbers) in fields {
                    let found = result.numbers(name)
                    #expect(found.count == numbers.count)
                    let worst = zip(found, numbers).reduce(0) { max($0, abs($1.0 - $1.1)) }
                    #expect(worst < 1e-4, "\(model) \(name): \(worst)")
                }
            }
        }
        #expect(expected.count == 2)
    }

    /// Hidden patches are the same for the same seed, and each image keeps its own in whatever company.
    @Test func masksBelongToImages() async throws {
        let test = try await service()
        let more: KeyValuePairs<String, String> = ["part": "decoder", "decoder_heads": "2"]
        let all = try await ask(test, "mae_train.pth", more)
        #expect(all["mask_ratio"] == .double(0.75))
        let other = try await ask(test, "mae_train.pth", ["part": "decoder", "decoder_heads": "2", "seed": "1"])
        let name = "delta_log_amplitude"
        #expect(other.numbers(name) != all.numbers(name))
        var sum = [Double](repeating: 0, count: all.numbers(name).count)
        for image in Self.images {
            let one = try await test.service.run(
                try await test.service.prepare(
                    .fourier, model: "mae_train.pth",
                    parameters: [image, .init("part", "decoder"), .init("decoder_heads", "2")]))
            for (place, number) in one.numbers(name).enumerated() { sum[place] += number / 6 }
        }
        for (mean, number) in zip(sum, all.numbers(name)) { #expect(abs(mean - number) < 1e-5) }
    }

    @Test func whatDoesNotFitIsSaid() async throws {
        let test = try await service()
        try await test.register("a")
        let without = await failure {
            _ = try await self.ask(test, "mae_pretrain_vit_small.pth", ["part": "decoder"])
        }
        guard case .conflict(let sentence)? = without else { return #expect(Bool(false), "no decoder") }
        #expect(sentence.contains("has no decoder"))
        // Sixteen heads, MAE's own number, do not divide a width of eight.
        let heads = await failure { _ = try await self.ask(test, "mae_train.pth", ["part": "decoder"]) }
        guard case .conflict(let sentence)? = heads else { return #expect(Bool(false), "16 heads of 8") }
        #expect(sentence.contains("decoder_heads"))
        for (more, pointer) in [
            (["part": "decoder", "layers": "0"] as KeyValuePairs<String, String>, "/layers"),
            (["mask_ratio": "0.5"], "/mask_ratio"), (["part": "middle"], "/part"),
            (["part": "decoder", "mask_ratio": "1"], "/mask_ratio"),
            (["part": "decoder", "decoder_heads": "0"], "/decoder_heads"),
        ] {
            let error = await failure { _ = try await self.ask(test, "mae_train.pth", more) }
            guard case .invalid(let faults)? = error else {
                #expect(Bool(false), "\(more)")
                continue
            }
            #expect(faults.map(\.pointer) == [pointer])
        }
    }
}
