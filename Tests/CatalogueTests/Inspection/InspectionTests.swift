import Catalogue
import Checkpoints
import Engine
import Foundation
import JSON
import Platform
import Service
import ServiceTestSupport
import Tensors
import Testing
import TestSupport

@Suite struct InspectionTests {
    @Test func aCheckpointIsRecognisedWithoutAServer() throws {
        let report = try Inspection.inspect(
            fixture("models/files/moco_v3_train.pth.tar"), options: .init(numHeads: 3))
        #expect(report.isUsable && report.value["recognised_as"] == .string("moco_v3"))
        #expect(report.value["config"]?["depth"] != nil && report.value["sha256"] != nil)
    }

    @Test func whatIsRefusedSaysWhy() throws {
        let report = try Inspection.inspect(
            fixture("models/files/timm_vit.safetensors"), options: .init(numHeads: 5))
        #expect(!report.isUsable && report.reason?.contains("num_heads 5") == true)
        #expect(report.value["verdict"] == .string("refused"))
    }

    @Test func missingAndForeignFilesAreToldApart() throws {
        #expect(
            throws: ServiceError.notFound(
                .file, name: fixture("models/files/timm_vit.safetensor"), nearest: ["timm_vit.safetensors"])
        ) {
            try Inspection.inspect(fixture("models/files/timm_vit.safetensor"))
        }
        do {
            _ = try Inspection.inspect(fixture("models/cases.json"))
            Issue.record("a JSON file is no checkpoint")
        } catch {
            guard case .unreadable = error else { return #expect(Bool(false), "\(error)") }
        }
    }

    @Test(arguments: [true, false])
    func convertedCheckpointsAreTheSameNetwork(toTimm: Bool) throws {
        let output = NSTemporaryDirectory() + UUID().uuidString + ".safetensors"
        defer { try? FileManager.default.removeItem(atPath: output) }
        let input = fixture("models/files/hf_vit")
        let before = try Inspection.inspect(input)
        let summary = try Conversion.convert(input, to: output, toTimm: toTimm)
        #expect(summary.recognisedAs == "hf_vit" && summary.tensors > 20 && summary.sizeBytes > 1000)
        let names = try Checkpoint.open(output).stateDicts().first?.dict.names ?? []
        #expect(names.contains("blocks.0.attn.qkv.weight") == toTimm)
        guard toTimm, case .int(let heads)? = before.value["config"]?["num_heads"] else { return }
        let after = try Inspection.inspect(output, options: .init(numHeads: heads))
        #expect(after.isUsable && after.value["recognised_as"] == .string("timm"))
        #expect(after.value["parameters"] == before.value["parameters"])
    }

    @Test func anAnalysisNeedsNoServer() async throws {
        let test = try await TestService()
        try await test.register("a")
        let alone = StandaloneAnalysis(threads: 2)
        let result = try await alone.run(
            .attentionDistance, models: [test.folder + "/models/a.safetensors"],
            images: [test.folder + "/datasets/pets"], parameters: [.init("layers", "1-2")], options: .init(numHeads: 4))
        _ = try await test.service.createProbeSet(ProbeSetRequest(name: "all", dataset: "pets", numImages: 6))
        let served = try await test.analyze(.attentionDistance, "a", ["probe_set": "all", "layers": "1-2"])
        for (a, b) in zip(result.numbers("mean"), served.numbers("mean")) { #expect(abs(a - b) < 1e-9) }
        #expect(try await alone.encode(result, as: .csv).bytes.count > 50)
        let error = await failure {
            _ = try await alone.run(.fourier, models: ["/nowhere.pth"], images: ["x"], parameters: [])
        }
        #expect(error == .notFound(.file, name: "nowhere.pth", nearest: []))
    }
}
