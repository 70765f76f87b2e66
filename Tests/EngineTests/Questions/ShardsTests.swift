import Catalogue
import Engine
import JSON
import ServiceTestSupport
import TestSupport
import Testing

/// Questions whose images are cut into shards answer what one task answers.
@Suite struct ShardsTests {
    /// Kinds with the parameters without which they are not cut, and images in a batch.
    private static let questions: [(kind: AnalysisKind, parameters: [AnalysisParameter])] =
        AnalysisKinds.standard.shardable.map { kind in
            let isCKA = kind.name == "cka"
            return (
                kind, isCKA ? [AnalysisParameter("batch_size", "5"), AnalysisParameter("estimator", "biased")] : []
            )
        } + [
            (.fourier, [AnalysisParameter("map", "true"), AnalysisParameter("layers", "1")]),
            (.tokenSimilarity, [AnalysisParameter("tensor", "residual")]),
            (
                .cka,
                [
                    AnalysisParameter("batch_size", "4"), AnalysisParameter("kernel", "rbf"),
                    AnalysisParameter("tokens", "cls"),
                ]
            ),
        ]

    /// 23 images, which no number of shards divides.
    private struct Bench {
        let test: TestService
        let engine: AnalysisEngine
        let models: [NamedModel]
        let images: AnalysisImages

        init() async throws {
            let test = try await TestService()
            let engine = AnalysisEngine(threads: 2, limits: ServiceLimits(), codeVersion: "test")
            self.test = test
            self.engine = engine
            models = try ["a", "b"].map { name in
                let place = CheckpointPlace(path: "\(test.folder)/models/\(name).safetensors")
                return NamedModel(
                    name: name, model: try engine.load(place, LoadOptions(.object([.init("num_heads", .int(4))]))))
            }
            try test.addFormulaImages(23, height: 32, width: 32)
            images = AnalysisImages(
                sources: try StandaloneAnalysis.sources(["\(test.folder)/datasets/formula"]), probeSet: nil)
        }

        func prepare(_ kind: AnalysisKind, _ parameters: [AnalysisParameter], _ shards: Int? = nil) throws
            -> PreparedAnalysis
        {
            let more = shards.map { [AnalysisParameter("shards", "\($0)")] } ?? []
            let own = kind.spec.comparesTwo ? models : Array(models.prefix(1))
            return try engine.reader.prepare(kind, parameters + more, own, images)
        }
    }

    private func expectSame(_ found: AnalysisResult, _ whole: AnalysisResult, _ place: String) {
        #expect(found.arrays.map(\.name) == whole.arrays.map(\.name), "\(place)")
        for (name, _) in whole.arrays {
            let (a, b) = (found.numbers(name), whole.numbers(name))
            #expect(a.count == b.count, "\(place) \(name)")
            for (one, other) in zip(a, b) {
                let isSame = one.isNaN && other.isNaN || abs(one - other) <= 1e-9 * max(1, abs(other))
                #expect(isSame, "\(place) \(name): \(one) and \(other)")
            }
        }
        #expect(found["reasons"] == whole["reasons"], "\(place)")
    }

    @Test func mergedShardsAreTheWhole() async throws {
        let bench = try await Bench()
        for (kind, parameters) in Self.questions {
            let question = try bench.prepare(kind, parameters), whole = try await bench.engine.run(question)
            for count in kind.name == "cka" ? [2, 3, 5] : [2, 3, 7, 23] {
                let place = "\(kind.name) in \(count)"
                let cut = try bench.prepare(kind, parameters, count)
                // The last bits depend on the cuts, so each has a name of its own.
                #expect(cut.id != question.id)
                #expect(cut.shards.count == count && cut.shards.map(\.count).reduce(0, +) == 23, "\(place)")
                let atOnce = try await bench.engine.run(cut)
                expectSame(atOnce, whole, place)
                #expect(atOnce["shards"] == .int(count), "\(place)")
                // Each by itself, the last one first, through its file.
                var states: [Int: ShardState] = [:]
                for shard in (0..<count).reversed() {
                    let text = try await bench.engine.shard(shard, of: cut).document(of: cut).json
                    states[shard] = ShardState(try JSONValue.parse(text), shard: shard, of: cut)
                }
                let merged = try bench.engine.merge((0..<count).compactMap { states[$0] }, of: cut)
                #expect(merged.fields.map(\.value.json) == atOnce.fields.map(\.value.json), "\(place)")
                #expect(ResultCodec.encode(merged) == ResultCodec.encode(atOnce), "\(place)")
            }
        }
    }

    @Test func questionsThatAreNotCutAreWhatTheyWere() async throws {
        let bench = try await Bench()
        for (kind, parameters) in Self.questions {
            let question = try bench.prepare(kind, parameters)
            #expect(question.shards.isEmpty && !question.canonical.contains { $0.hasPrefix("shards") })
            #expect(!question.echo.contains { $0.name == "shards" })
        }
    }

    @Test func batchesOfCKAStayWhole() async throws {
        let cut = try await Bench().prepare(
            .cka, [AnalysisParameter("batch_size", "5"), AnalysisParameter("estimator", "biased")], 3)
        #expect(cut.shards == [0..<5, 5..<15, 15..<23])
    }

    @Test func filesThatAreNotWhatWasWrittenAreNone() async throws {
        let bench = try await Bench()
        let cut = try bench.prepare(.attentionDistance, [], 3), other = try bench.prepare(.attentionNMI, [], 3)
        let document = try await bench.engine.shard(1, of: cut).document(of: cut)
        #expect(ShardState(document, shard: 1, of: cut) != nil)
        #expect(ShardState(document, shard: 0, of: cut) == nil)
        #expect(ShardState(document, shard: 1, of: other) == nil)
        #expect(ShardState(.null, shard: 1, of: cut) == nil)
        for name in ["seal", "sums", "shard_state", "host"] {
            let torn = JSONValue.object((document.object ?? []).filter { $0.name != name })
            #expect(ShardState(torn, shard: 1, of: cut) == nil, "without \(name)")
        }
        // Another shape, sealed like one of ours.
        let members = (document.object ?? []).map { member in
            member.name == "sums" ? JSONValue.Member("sums", .list([])) : member
        }
        #expect(ShardState(SealedDocument.sealed(.object(members)), shard: 1, of: cut) == nil)
        #expect(throws: ServiceError.self) { try bench.engine.merge([], of: cut) }
    }

    @Test func refusalsSayWhatCanBeCut() async throws {
        let bench = try await Bench()
        func faults(_ kind: AnalysisKind, _ parameters: [AnalysisParameter], _ shards: Int) -> String {
            do {
                _ = try bench.prepare(kind, parameters, shards)
                return ""
            } catch { return "\(error)" }
        }
        let names = AnalysisKinds.standard.shardable.map(\.name)
        #expect(names.contains("attention-distance") && names.contains("cka") && names.count > 8)
        for kind in AnalysisKinds.standard.all where !kind.spec.isShardable && kind.spec.images == .any {
            let said = faults(kind, [], 2)
            #expect(names.everyOne { said.contains($0) } && said.contains("Leave shards out"), "\(kind.name): \(said)")
        }
        #expect(faults(.attentionDistance, [], 24).contains("at most 23 shards"))
        #expect(faults(.attentionDistance, [], 1).contains("shards"))
        #expect(faults(.cka, [], 2).contains("smaller batch_size"))
        #expect(faults(.cka, [AnalysisParameter("batch_size", "8")], 4).contains("at most 3 shards of whole batches"))
    }
}
