import Catalogue
import Engine
import Foundation
import JSON
import Platform
import Service
import ServiceTestSupport
import Tensors
import TestSupport
import Testing

/// The precision of a model: chosen when it is registered, refused where the processor lacks it, and part of everything
/// that its answers are known by.
@Suite struct PrecisionTests {
    private func info(_ test: TestService, _ name: String, _ precision: String?) async throws -> ModelInfo {
        try await test.service.register(
            ModelRegistration(name: name, path: "a.safetensors", numHeads: 4, precision: precision), waiting: 60)
    }

    @Test func aProcessorWithoutItRefuses() async throws {
        let test = try await TestService()
        let info = try await info(test, "half", "bf16")
        guard let lacking = Precision.bf16.lacking else { return #expect(info.state == .ready) }
        #expect(info.state == .failed && info.error?.contains(lacking) == true && info.errorPointer == "/precision")
    }

    @Test func autoTakesTheQuickest() async throws {
        let test = try await TestService()
        let info = try await info(test, "auto", "auto")
        #expect(info.state == .ready && info.precision == Precision.quickest.rawValue)
        let report = try await test.service.loadReport("auto")
        #expect(report["precision"]?.string == Precision.quickest.rawValue)
        #expect(try await self.info(test, "usual", nil).precision == "f32")
    }

    @Test(.enabled(if: Precision.bf16.lacking == nil, "this processor multiplies no bf16"))
    func answersOfOneAreNeverThoseOfTheOther() async throws {
        let test = try await TestService()
        let whole = try await info(test, "whole", "f32"), half = try await info(test, "half", "bf16")
        #expect(whole.sha256 == half.sha256 && half.precision == "bf16" && half.memoryBytes < whole.memoryBytes)
        let question: KeyValuePairs<String, String> = [
            "image": "pets:0", "layer": "-1", "head": "all", "query": "all",
        ]
        // Each twice, one after the other, so that whatever is kept had its chance.
        var answers: [String: [[Double]]] = [:], ids: [String: Set<String>] = [:]
        for name in ["whole", "half", "whole", "half"] {
            let result = try await test.analyze(.attention, name, question)
            answers[name, default: []].append(result.numbers("attention"))
            ids[name, default: []].insert(result.id)
            #expect(result["model"]?["precision"]?.string == (name == "half" ? "bf16" : nil))
        }
        let (a, b) = (try #require(answers["whole"]), try #require(answers["half"]))
        #expect(a[0] == a[1] && b[0] == b[1] && a[0] != b[0])
        #expect(ids["whole"]?.count == 1 && ids["half"]?.count == 1 && ids["whole"] != ids["half"])
        #expect(zip(a[0], b[0]).everyOne { abs($0 - $1) < 2e-2 })
    }
}
