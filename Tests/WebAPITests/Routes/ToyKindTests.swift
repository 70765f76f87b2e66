import Catalogue
import Engine
import Foundation
import JSON
import Service
import Testing
import WebAPI

/// A kind that is declared here and nowhere else is found everywhere.
@Suite struct ToyKindTests {
    /// Answers `strength` for each block.
    private struct ToyTask: AnalysisTask {
        let models: [NamedModel]
        let layers: [Int]
        let strength: Int

        func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
            AnalysisAnswer(
                [
                    (
                        "toys",
                        .array(
                            NamedArray(
                                shape: [layers.count], axes: ["layer"],
                                numbers: .float64(layers.map { Double($0 * strength) })))
                    )
                ], mainField: "toys", figures: [ResultFigure(.lines, "toys", title: "toys", x: "layers")])
        }
    }

    private static let toy: AnalysisKind = {
        let strength = DeclaredParameter.integer("strength", in: 1...9, default: 3, "How strong the toy is.")
        let layers = DeclaredParameter.layers
        let spec = AnalysisSpec(
            "toy-count", group: .interventions, title: "Toys", summary: "Toys by block", reading: "More is more.",
            parameters: [layers, strength], isUsuallyCompared: true)
        return AnalysisKind(spec) { values, subjects in
            values.blocks(subjects.model, layers).map {
                ToyTask(models: subjects.models, layers: $0, strength: values[strength])
            }
        }
    }()

    private func withToy<R: Sendable>(_ body: @escaping @Sendable (RawClient) async throws -> R) async throws -> R {
        try await withServer(
            starts: true, models: fixtures + "/models/files",
            change: { $0.kinds = AnalysisKinds(AnalysisKinds.standard.all + [Self.toy]) }, body)
    }

    private func add(_ name: String, _ client: RawClient) async throws {
        let answer = try await client.post(
            "/v1/models", json: #"{"name": "\#(name)", "path": "timm_vit.safetensors", "num_heads": 3}"#,
            headers: [("Prefer", "wait=60")])
        #expect(answer.status == 201, "\(answer.body)")
    }

    @Test func itIsAnsweredAndItsFaultsAreTold() async throws {
        try await withToy { client in
            try await add("vit", client)
            let path = "/v1/models/vit/analyses/toy-count?image=shapes-textures:0"
            let answer = try JSONValue.parse(
                Array(try await client.get(path + "&layers=1,0&strength=9").body.utf8))
            #expect(answer["toys"]?.list?.compactMap(\.double) == [9, 0])
            #expect(answer["strength"]?.int == 9 && answer["layers"]?.list?.compactMap(\.int) == [1, 0])
            let table = try await client.get(path + "&format=csv").body
            #expect(table.hasPrefix("layer,toys\n0,0.0\n1,3.0\n"), "\(table)")
            #expect(try await client.get(path + "&format=png").status == 200)
            for (wrong, name) in [("strength=10", "strength"), ("strenght=1", "strenght"), ("layers=99", "layers")] {
                let refused = try await client.get(path + "&" + wrong)
                #expect(refused.status == 422 && refused.body.contains("?" + name), "\(refused.body)")
            }
            let links = try JSONValue.parse(Array(try await client.get("/v1/models/vit").body.utf8))["links"]
            #expect(links?["toy_count"]?.string == "/v1/models/vit/analyses/toy-count")
        }
    }

    @Test func itIsListedAndDescribed() async throws {
        try await withToy { client in
            let kinds = try JSONValue.parse(Array(try await client.get("/v1/analysis-kinds").body.utf8))
            let names = kinds["analysis_kinds"]?.list?.compactMap { $0["name"]?.string } ?? []
            #expect(names == AnalysisKinds.standard.names + ["toy-count"])
            let document = try JSONValue.parse(Array(try await client.get("/openapi.json").body.utf8))
            let operation = document["paths"]?["/v1/models/{name}/analyses/toy-count"]?["get"]
            let strength = operation?["parameters"]?.list?.first { $0["name"]?.string == "strength" }
            #expect(strength?["schema"]?["maximum"]?.int == 9 && strength?["schema"]?["default"]?.int == 3)
            #expect(operation?["operationId"]?.string == "getToyCount")
            let metrics = try await client.get("/metrics").body
            #expect(metrics.contains("vitscope_analyses_total{analysis=\"toy-count\"} 0"))
        }
    }

    @Test func itIsCompared() async throws {
        try await withToy { client in
            for name in ["vit", "twin"] { try await add(name, client) }
            let answer = try await client.post(
                "/v1/comparisons",
                json: #"{"models": ["vit", "twin"], "images": ["shapes-textures:0"], "metrics": ["toy-count"]}"#,
                headers: [("Prefer", "wait=60")])
            let comparison = try JSONValue.parse(Array(answer.body.utf8))
            let metric = try #require(comparison["metrics"]?.list?.first)
            #expect(metric["metric"]?.string == "toy-count" && metric["results"]?.list?.count == 2)
            #expect(metric["figure"]?["title"]?.string == "toys")
        }
    }

    @Test func theCommandLineHasItsOptions() throws {
        let help = ParameterFlags.help(Self.toy.spec)
        #expect(help.contains("--strength <integer>") && help.contains("from 1 to 9. The default is 3."))
        #expect(try ParameterFlags.read(["--strength", "4"], of: Self.toy.spec) == [.init("strength", "4")])
    }
}
