import Catalogue
import Engine
import TestSupport
import Images
import JSON
import Platform
import Service
import ServiceTestSupport
import Testing

/// Nearest neighbours and linear probes on a dataset whose classes are easy to tell apart.
@Suite struct ProbeTaskTests {
    private func service() async throws -> TestService {
        let test = try await TestService()
        try await test.register("a")
        for (name, value) in [("dark", 20), ("light", 230)] {
            try Folder.create("\(test.folder)/datasets/tones/\(name)")
            for index in 0..<12 {
                let pixels = (0..<40 * 40 * 3).map { UInt8(clamping: value + ($0 * (index + 3)) % 17) }
                try AtomicFile.write(
                    PNG.encode(Image(height: 40, width: 40, pixels: pixels)),
                    to: "\(test.folder)/datasets/tones/\(name)/\(index).png")
            }
        }
        _ = try await test.service.createProbeSet(ProbeSetRequest(name: "tones", dataset: "tones", numImages: 24))
        return test
    }

    @Test(arguments: [AnalysisKind.knn, .linearProbe]) func lightAndDarkAreToldApart(_ kind: AnalysisKind) async throws
    {
        let test = try await service()
        let result = try await test.analyze(kind, "a", ["probe_set": "tones", "train_fraction": "0.25"])
        #expect(result["classes"] == .list([.string("dark"), .string("light")]))
        #expect(result["n_train"] == .int(6) && result["n_test"] == .int(18) && result["chance"] == .double(0.5))
        #expect(result.numbers("top1").count == 4 && result.numbers("top1")[0] == 1)
        let again = try await test.analyze(
            kind, "a", ["probe_set": "tones", "train_fraction": "0.25", "layers": "2", "seed": "7"])
        #expect(again["depths"] == .list([.int(0), .int(3)]))
    }

    @Test(arguments: ["batch_norm", "layer_norm", "none"])
    func everyNormalizerLearns(_ normalizer: String) async throws {
        let test = try await service()
        let result = try await test.analyze(
            .linearProbe, "a",
            ["probe_set": "tones", "train_fraction": "0.5", "normalizer": normalizer, "layers": "0"])
        #expect(result["normalizer"] == .string(normalizer))
        #expect(result.numbers("top1")[0] == 1)
        // Of two classes every decision is among five.
        #expect(result.numbers("top5").everyOne { $0.isNaN })
        let reasons = result["reasons"]?.elements ?? []
        #expect(reasons.contains { $0["pointer"] == .string("/top5") })
    }

    /// Seven tones, fitted for a moment: the right one is among the first five more often than it is the first.
    @Test func topFiveIsCounted() async throws {
        let test = try await TestService()
        try await test.register("a")
        for tone in 0..<7 {
            let folder = "\(test.folder)/datasets/seven/\(tone)"
            try Folder.create(folder)
            for index in 0..<8 {
                let pixels = (0..<40 * 40 * 3).map { UInt8(clamping: 20 + tone * 30 + ($0 * (index + 3)) % 29) }
                try AtomicFile.write(
                    PNG.encode(Image(height: 40, width: 40, pixels: pixels)), to: "\(folder)/\(index).png")
            }
        }
        _ = try await test.service.createProbeSet(ProbeSetRequest(name: "seven", dataset: "seven", numImages: 56))
        let result = try await test.analyze(
            .linearProbe, "a", ["probe_set": "seven", "epochs": "1", "base_lr": "0.001", "layers": "0"])
        let (first, five) = (result.numbers("top1"), result.numbers("top5"))
        #expect(pairs(first, five).everyOne { $0 <= $1 } && first[0] < five[0])
        #expect(five.everyOne { $0 > 0 && $0 <= 1 } && result.numbers("top5_sem").everyOne { $0.isFinite })
    }

    @Test func withoutClassesThereIsNoAccuracy() async throws {
        let test = try await service()
        for images in [["pets:0", "pets:1"], ["tones:0", "tones:12"]] {
            let parameters = images.map { AnalysisParameter("image", $0) }
            let prepared = try await test.service.prepare(.knn, model: "a", parameters: parameters)
            guard case .conflict(let detail)? = await failure({ _ = try await test.service.run(prepared) }) else {
                return #expect(Bool(false), "\(images)")
            }
            #expect(detail.contains(images[0] == "pets:0" ? "one class" : "two images"))
        }
    }

    @Test(arguments: [("k", "0"), ("k", "1,x"), ("temperature", "0"), ("train_fraction", "1"), ("pool", "max")])
    func aWrongParameterIsNamed(_ name: String, _ value: String) async throws {
        let test = try await service()
        guard
            case .invalid(let faults)? = await failure({
                _ = try await test.prepare(.knn, "a", ["probe_set": "tones", name: value])
            })
        else { return #expect(Bool(false), "\(name)=\(value)") }
        #expect(faults.map(\.pointer) == ["/" + name])
    }
}
