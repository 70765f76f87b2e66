import Catalogue
import TestSupport
import Checkpoints
import Engine
import JSON
import Models
import Platform
import Service
import ServiceTestSupport
import Testing

/// Models without a class token: every analysis that can be defined is, and the others say why not.
@Suite struct ClassTokenTests {
    private func service() async throws -> TestService {
        var config = TestService.config
        config.classToken = false
        config.globalPool = .avg
        let test = try await TestService()
        try SafeTensors.write(
            VisionTransformer.randomStateDict(config, seed: 3), to: "\(test.folder)/models/gap.safetensors")
        let info = try await test.register("gap")
        #expect(info.config?.classToken == false && info.config?.numPrefixTokens == 0)
        return test
    }

    private func answer(_ test: TestService, _ kind: AnalysisKind, _ more: [AnalysisParameter] = []) async throws
        -> AnalysisResult
    {
        let drawn = [0, 1, 2].map { "shapes-textures:\($0)" }, pets = [0, 1, 2, 4, 5].map { "pets:\($0)" }
        var parameters = (kind == .shapeBias ? drawn : pets).map { AnalysisParameter("image", $0) } + more
        if kind.spec.comparesTwo { parameters += [.init("a", "gap"), .init("b", "gap")] }
        if kind == .tsne { parameters.append(.init("iterations", "20")) }
        return try await test.service.run(
            try await test.service.prepare(kind, model: kind.spec.comparesTwo ? nil : "gap", parameters: parameters))
    }

    @Test(arguments: AnalysisKinds.standard.all) func everyAnalysisAnswersOrSaysWhy(_ kind: AnalysisKind) async throws {
        let test = try await service()
        do {
            let result = try await answer(test, kind)
            #expect(!result.numbers(result.mainField).isEmpty)
        } catch let error as ServiceError {
            if kind == .segmentationProbe, case .conflict(let sentence) = error {
                return #expect(sentence.contains("has no mask"))
            }
            guard case .invalid(let faults) = error else { throw error }
            let why = [
                .clsAttention: "class token", .poolingAttention: "pooling", .logitLens: "classifier",
                .relevance: "classifier", .reconstruction: "decoder",
            ][kind]
            #expect(faults.everyOne { $0.detail.contains(why ?? "?") }, "\(kind): \(faults)")
        }
    }

    @Test func theClassTokensMapIsRefused() async throws {
        let test = try await service()
        let error = await failure {
            _ = try await answer(test, .attention, [.init("query", "cls"), .init("layer", "0")])
        }
        guard case .invalid(let faults)? = error else { return #expect(Bool(false), "there is no class token") }
        #expect(faults[0].pointer == "/query" && faults[0].detail.contains("class token"))
    }
}
