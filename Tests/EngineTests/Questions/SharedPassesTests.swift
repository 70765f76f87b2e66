import Catalogue
import Engine
import Foundation
import Platform
import Service
import ServiceTestSupport
import Testing

/// Questions about the same images and model that come together share the passes through the model.
@Suite struct SharedPassesTests {
    private static let images = 20

    /// A service with more images than go through a model at once.
    private func service() async throws -> TestService {
        let test = try await TestService()
        try Folder.create(test.folder + "/datasets/many/all")
        for index in 0..<Self.images {
            try AtomicFile.write(TestService.picture(index), to: "\(test.folder)/datasets/many/all/\(index + 10).png")
        }
        try await test.register("a")
        return test
    }

    private func engine(_ test: TestService, riders: Int = 1, patience: Duration = .seconds(600)) throws
        -> AnalysisEngine
    {
        let engine = AnalysisEngine(threads: 2, limits: ServiceLimits(), codeVersion: "test")
        _ = try engine.load(CheckpointPlace(path: test.folder + "/models/a.safetensors"), LoadOptions(numHeads: 4))
        if riders > 1 { engine.passes.gather(.init(patience: patience, riders: riders)) }
        return engine
    }

    private func questions(_ test: TestService, _ kinds: [AnalysisKind]) async throws -> [PreparedAnalysis] {
        var questions: [PreparedAnalysis] = []
        for kind in kinds {
            let parameters = (0..<Self.images).map { AnalysisParameter("image", "many:\($0)") }
            let models = kind.spec.comparesTwo ? [AnalysisParameter("a", "a"), AnalysisParameter("b", "a")] : []
            questions.append(
                try await test.service.prepare(
                    kind, model: kind.spec.comparesTwo ? nil : "a", parameters: parameters + models))
        }
        return questions
    }

    @Test func severalQuestionsMakeOnePassAndHaveTheirOwnNumbers() async throws {
        let test = try await service()
        let questions = try await questions(
            test, [.attentionNMI, .fourier, .cka, .singularValues, .tokenNorms, .attentionSimilarity])
        let alone = try engine(test), together = try engine(test, riders: questions.count)
        var expected: [String: [UInt8]] = [:]
        for question in questions { expected[question.id] = ResultCodec.encode(try await alone.run(question)) }
        #expect(alone.snapshot.imagesForwarded == questions.count * Self.images)
        let found = try await withThrowingTaskGroup(of: AnalysisResult.self) { group in
            for question in questions { group.addTask { try await together.run(question) } }
            return try await group.reduce(into: [String: [UInt8]]()) { $0[$1.id] = ResultCodec.encode($1) }
        }
        #expect(found == expected, "the same bits, whoever rides along")
        #expect(together.snapshot.imagesForwarded == Self.images)
    }

    @Test func whoLeavesHoldsUpNobody() async throws {
        let test = try await service()
        let questions = try await questions(test, [.attentionNMI, .fourier, .cka])
        let engine = try engine(test, riders: 4, patience: .seconds(1))
        let tasks = questions.map { question in Task { try await engine.run(question) } }
        // The fourth never comes, one of the three leaves, and others come later.
        tasks[1].cancel()
        await #expect(throws: CancellationError.self) { try await tasks[1].value }
        let last = try await self.questions(test, [.tokenNorms, .singularValues])
        for question in last { _ = try await engine.run(question) }
        for task in [tasks[0], tasks[2]] { #expect(try await !task.value.fields.isEmpty) }
    }

    @Test func anImageThatCannotBeReadFailsEachQuestion() async throws {
        let test = try await service()
        let questions = try await questions(test, [.attentionNMI, .fourier])
        let engine = try engine(test, riders: 2)
        try FileManager.default.removeItem(atPath: test.folder + "/datasets/many/all/25.png")
        let tasks = questions.map { question in Task { try await engine.run(question) } }
        for task in tasks {
            let error = await failure { _ = try await task.value }
            #expect(error?.detail.contains("many:15") == true, "\(String(describing: error))")
        }
    }
}
