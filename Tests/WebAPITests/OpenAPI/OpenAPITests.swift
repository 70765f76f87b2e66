import Foundation
import HTTPTypes
import Jobs
import JobsTestSupport
import Logging
import NIOCore
import Platform
import Service
import TestSupport
import Testing
import WebAPI

/// Every route answers as the document says, and the document has every route.
@Suite struct OpenAPITests {
    struct Request {
        let method: String
        let target: String
        var headers: [(String, String)] = []
        var body: ByteBuffer?

        static func get(_ target: String, accept: String? = nil) -> Request {
            Request(method: "GET", target: target, headers: accept.map { [("Accept", $0)] } ?? [])
        }

        static func post(_ target: String, _ json: String) -> Request {
            Request(
                method: "POST", target: target, headers: [("Content-Type", "application/json")],
                body: ByteBuffer(string: json))
        }
    }

    /// In order: later ones need what earlier ones made.
    static let requests: [Request] = [
        .get("/"), .get("/assets/app.js"), .get("/assets/none.js"), .get("/livez"), .get("/readyz"), .get("/metrics"),
        .get("/problems/busy"), .get("/problems/none"), .get("/v1"), .get("/v1", accept: "text/plain"), .get("/v1?x=1"),
        .get("/openapi.json"), .get("/v1/analysis-kinds"), .get("/v1/analysis-kinds?x=1"),
        .get("/v1/training-settings"), .get("/v1/training-settings?x=1"),
        .get("/v1/model-options"), .get("/v1/model-options?x=1"),
        .post("/v1/models", #"{"name": "vit", "path": "models/files/timm_vit.safetensors", "num_heads": 3}"#),
        .post("/v1/models", #"{"name": "vit", "path": "models/files/hf_vit"}"#),
        .post("/v1/models", #"{"name": "other", "path": "none.pth"}"#),
        .post("/v1/models", #"{"name": 3, "extra": true, "img_size": "a", "preprocess": {"mean": 1}}"#),
        .post("/v1/models", #"{"name": "#), .post("/v1/models", "[]"),
        .post("/v1/models", #"{"name": "headless", "path": "models/files/timm_vit.safetensors"}"#),
        Request(
            method: "POST", target: "/v1/models", headers: [("Content-Type", "text/plain")],
            body: ByteBuffer(string: "x")),
        .get("/v1/models"), .get("/v1/models?page_size=1"), .get("/v1/models?page_size=x&page_token=zz"),
        .get("/v1/models/vit"), .get("/v1/models/none"), .get("/v1/models/headless"),
        .get("/v1/models/vit/load-report"),
        .get("/v1/datasets"), .get("/v1/datasets/shapes-textures/images?page_size=3"), .get("/v1/datasets/none/images"),
        .post("/v1/probe-sets", #"{"name": "few", "dataset": "shapes-textures", "n_images": 4}"#),
        .post("/v1/probe-sets", #"{"name": "few", "dataset": "shapes-textures", "n_images": 4}"#),
        .post("/v1/probe-sets", #"{"name": "few", "dataset": "shapes-textures", "n_images": 5}"#),
        .post("/v1/probe-sets", #"{"dataset": "shapes-textures", "n_images": 0}"#),
        .get("/v1/probe-sets"), .get("/v1/probe-sets/few"), .get("/v1/probe-sets/fwe"),
        .get("/v1/images/shapes-textures:0"), .get("/v1/images/shapes-textures:0?view=model&model=vit"),
        .get("/v1/images/shapes-textures:0?size=0&view=x"), .get("/v1/images/none:0"),
        Request(method: "POST", target: "/v1/images", body: ByteBuffer(string: "a text, not an image")),
        Request(method: "POST", target: "/v1/images", headers: [("Content-Type", "image/png")], body: onePixel),
        Request(method: "POST", target: "/v1/images", headers: [("Content-Type", "image/png")], body: onePixel),
        Request(method: "POST", target: "/v1/uploads", body: ByteBuffer(string: "some bytes")),
        Request(method: "POST", target: "/v1/uploads", body: ByteBuffer(string: "some bytes")),
        Request(
            method: "POST", target: "/v1/uploads", headers: [("Content-Digest", "sha-256=:AAAA:")],
            body: ByteBuffer(string: "some bytes")),
        .get("/v1/uploads"), .get("/v1/uploads/" + uploaded), .get("/v1/uploads/none"),
        Request(method: "DELETE", target: "/v1/uploads/" + uploaded),
        Request(method: "DELETE", target: "/v1/uploads/" + uploaded),
        .post("/v1/session", #"{"token": "x"}"#), .post("/v1/session", "{}"),
        Request(method: "DELETE", target: "/v1/session"),
        .get("/v1/models/vit/attention?image=shapes-textures:0"),
        .get("/v1/models/vit/attention?image=shapes-textures:0&layer=all&head=mean&query=all&normalize=none"),
        .get("/v1/models/vit/attention?image=shapes-textures:0&format=png&overlay=true"),
        .get("/v1/models/vit/attention?image=shapes-textures:0", accept: "application/x-npy"),
        .get("/v1/models/vit/attention?image=shapes-textures:0&format=npz"),
        .get("/v1/models/vit/attention?image=shapes-textures:0&format=csv"),
        .get("/v1/models/vit/attention?image=shapes-textures:0&format=xml"),
        .get("/v1/models/vit/attention?image=shapes-textures:0&layer=99&head=-20"),
        .get("/v1/models/vit/attention?image=shapes-textures:0&layre=1"),
        .get("/v1/models/vit/attention?probe_set=none"),
        .get("/v1/models/vit/attention"), .get("/v1/models/headless/attention?image=shapes-textures:0"),
        .get("/v1/models/vit/attention/rollout?image=shapes-textures:0&head_fusion=max&discard_ratio=0.5"),
        .get("/v1/models/vit/attention/gradient-rollout?image=shapes-textures:0&discard_ratio=0.5"),
        .get("/v1/models/vit/analyses/attention-distance?probe_set=few"),
        .get("/v1/models/vit/analyses/attention-distance?image=shapes-textures:0"),
        .get("/v1/models/vit/analyses/attention-nmi?probe_set=few&convention=reference"),
        .get("/v1/models/vit/analyses/attention-entropy?probe_set=few&layers=0,-1"),
        .get("/v1/models/vit/analyses/fourier?probe_set=few"),
        .get("/v1/models/vit/analyses/fourier?probe_set=few&format=png"),
        .get("/v1/models/vit/analyses/attention-similarity?probe_set=few"),
        .get("/v1/models/vit/analyses/cls-attention?probe_set=few"),
        .get("/v1/models/vit/analyses/feature-variance?probe_set=few&format=csv"),
        .get("/v1/models/vit/analyses/token-similarity?probe_set=few&tensor=residual"),
        .get("/v1/models/vit/analyses/token-norms?probe_set=few&format=png"),
        .get("/v1/models/vit/analyses/artifact-tokens?probe_set=few&factor=1.1&top=3"),
        .get("/v1/models/vit/analyses/artifact-tokens?probe_set=few&factor=2&cutoff=3"),
        .get("/v1/models/vit/analyses/representation-quality?probe_set=few&views=2&alpha_first=1"),
        .get("/v1/models/vit/analyses/representation-quality?probe_set=few&alpha_first=9&alpha_last=3"),
        .get("/v1/models/vit/analyses/position-similarity"),
        .get("/v1/models/vit/analyses/position-similarity?image=shapes-textures:0&centered=true&format=png"),
        .get("/v1/models/vit/analyses/patch-similarity?image=shapes-textures:0&depths=all&query=0,0"),
        .get("/v1/models/vit/analyses/patch-pca?image=shapes-textures:0&threshold=-1&refit=true"),
        .get("/v1/models/vit/analyses/patch-pca?image=shapes-textures:0&foreground=false&refit=true"),
        .get("/v1/models/vit/analyses/patch-correspondence?image=shapes-textures:0&image=shapes-textures:1"),
        .get("/v1/models/vit/analyses/patch-correspondence?image=shapes-textures:0"),
        .get("/v1/models/vit/analyses/pooling-attention?image=shapes-textures:0"),
        .post("/v1/models", #"{"name": "pooled", "path": "newer_models/files/hf_siglip"}"#),
        .get("/v1/models/pooled/analyses/pooling-attention?image=shapes-textures:0"),
        .post(
            "/v1/models",
            #"{"name": "masked", "path": "analysis/reconstruction_simmim.safetensors", "num_heads": 3, "img_size": 16}"#
        ),
        .get("/v1/models/masked/analyses/reconstruction?image=shapes-textures:0&mask=0-5"),
        .get("/v1/models/masked/analyses/reconstruction?image=shapes-textures:0&format=png"),
        .get("/v1/models/vit/analyses/reconstruction?image=shapes-textures:0"),
        .post(
            "/v1/models",
            #"{"name": "classifier", "path": "analysis/classifier.safetensors", "num_heads": 3, "img_size": [8, 12]}"#),
        .get("/v1/models/classifier/analyses/logit-lens?image=shapes-textures:0"),
        .get("/v1/models/classifier/attention/relevance?image=shapes-textures:0"),
        .get("/v1/models/vit/analyses/singular-values?probe_set=few&level=image"),
        .get("/v1/models/vit/analyses/token-displacement?probe_set=few"),
        .get("/v1/models/vit/analyses/pca?probe_set=few&depth=1"),
        .get("/v1/models/vit/analyses/tsne?probe_set=few&iterations=20"),
        .post("/v1/probe-sets", #"{"name": "forty", "dataset": "shapes-textures", "n_images": 40}"#),
        .get("/v1/models/vit/analyses/knn?probe_set=forty&k=1,5&pool=concat"),
        .get("/v1/models/vit/analyses/knn?probe_set=forty&k=0"),
        .get("/v1/models/vit/analyses/linear-probe?probe_set=forty&epochs=1&layers=-1"),
        .get("/v1/models/vit/analyses/frequency-robustness?probe_set=forty&frequencies=0.5"),
        .get("/v1/models/vit/analyses/shape-bias?probe_set=few&n_train=20"),
        .get("/v1/models/vit/analyses/segmentation-probe?probe_set=forty&method=knn&depths=-1"),
        .get("/v1/models/vit/analyses/segmentation-probe?probe_set=few&epochs=1&format=png&figure=prediction"),
        .get("/v1/models/vit/analyses/lesion?probe_set=forty&parts=mlp"),
        .get("/v1/analyses"), .get("/v1/analyses?analysis=fourrier"), .get("/v1/analyses/ANALYSIS"),
        .get("/v1/analyses/ANALYSIS?format=png"), .get("/v1/analyses/none"), .get("/v1/analyses/ANALYSIS/manifest"),
        .post("/v1/models", #"{"name": "twin", "path": "models/files/timm_vit.safetensors", "num_heads": 3}"#),
        .post(
            "/v1/comparisons",
            #"{"models": ["vit", "twin"], "probe_set": "few", "metrics": ["attention-nmi", "cka"]}"#),
        .post("/v1/comparisons", #"{"models": ["vit"], "probe_set": "few"}"#),
        .get("/v1/alignment?a=vit&b=vit&probe_set=few"),
        .get("/v1/cka?a=vit&b=vit&probe_set=few"), .get("/v1/cka?a=vit&b=vti&probe_set=few"),
        .get("/v1/cka?probe_set=few&kernel=cubic"),
        Request(method: "DELETE", target: "/v1/models/vit", headers: [("Origin", "http://evil.example")]),
        Request(method: "DELETE", target: "/v1/models/vit"), Request(method: "DELETE", target: "/v1/models/vit"),
        .post("/v1/jobs?dry_run=true", TestJobs.body), .post("/v1/jobs", TestJobs.body), .post("/v1/jobs", "{}"),
        .get("/v1/jobs"), .get("/v1/jobs?state=x"), .get("/v1/jobs/JOB"), .get("/v1/jobs/none"),
        .get("/v1/jobs/JOB/metrics"), .get("/v1/jobs/JOB/metrics?format=csv"), .get("/v1/jobs/JOB/logs"),
        .get("/v1/jobs/JOB/checkpoints"), .get("/v1/jobs/JOB/checkpoints/latest/download"),
        Request(
            method: "GET", target: "/v1/jobs/JOB/checkpoints/20/download", headers: [("Range", "bytes=1-2")]),
        Request(
            method: "GET", target: "/v1/jobs/JOB/checkpoints/20/download", headers: [("Range", "bytes=9-")]),
        .get("/v1/jobs/JOB/checkpoints/10/download"), .get("/v1/jobs/JOB/checkpoints/99/download"),
        .get("/v1/jobs/JOB/trajectory?metric=attention-nmi"), .get("/v1/jobs/JOB/trajectory"),
        .post("/v1/jobs/JOB/pause", ""), .post("/v1/jobs/JOB/resume", ""), .post("/v1/jobs/JOB/retry", ""),
        .post("/v1/jobs/JOB/cancel", ""), .get("/v1/jobs/JOB?wait=60"),
        .get("/v1/jobs/JOB/events", accept: "application/json"), .get("/v1/jobs/JOB/events"),
        .get("/v1/jobs/JOB/events?after=999"), .get("/v1/jobs/JOB/events?after=x"),
        .post("/v1/jobs/JOB/retry", ""), .post("/v1/jobs/JOB/retry?ranks=1", ""),
        .post("/v1/jobs/JOB/retry?ranks=0", ""), Request(method: "DELETE", target: "/v1/jobs/JOB"),
    ]

    /// SHA-256 of the bytes that are uploaded.
    static let uploaded = SHA256.hex(of: Array("some bytes".utf8))

    /// The smallest PNG there is.
    static let onePixel = ByteBuffer(
        bytes: Data(
            base64Encoded:
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==")
            ?? Data())

    @Test func everyRouteAnswersAsDescribed() async throws {
        try await withFolder(StaticAssetsTests.files) { page in
            let jobs = TestJobs()
            await jobs.executor.obey(.cancel, with: .stopped)
            try await withServer(
                starts: true, page: page, models: fixtures, change: { jobs.install(in: &$0) }
            ) { client in
                let text = try await client.get("/openapi.json").body
                let document = try Self.object(text)
                let check = SchemaCheck(document: document)
                var succeeded: Set<String> = []
                var job = "", analysis = ""
                for request in Self.requests {
                    let name = "\(request.method) \(request.target)"
                    let answer = try await client.request(
                        request.method,
                        request.target.replacing("JOB", with: job).replacing("ANALYSIS", with: analysis),
                        headers: request.headers,
                        body: request.body)
                    if job.isEmpty, answer.status == 202 {
                        job = try Self.object(answer.body)["id"] as? String ?? ""
                        try TestJobs.writeRun(job, in: client.data, checkpoints: [20: Data([1, 2, 3])])
                    }
                    if answer.status == 200, let id = try? Self.object(answer.body)["analysis_id"] as? String {
                        analysis = id
                    }
                    guard let operation = Self.operation(request, in: document) else {
                        Issue.record("\(name) is not described")
                        continue
                    }
                    let answers = operation["responses"] as? [String: [String: Any]] ?? [:]
                    guard var described = answers[String(answer.status)] else {
                        Issue.record(
                            "\(name) answered \(answer.status), which is not described: \(answer.body.prefix(300))")
                        continue
                    }
                    if let reference = described["$ref"] as? String { described = check.resolve(reference) }
                    let content = described["content"] as? [String: [String: Any]] ?? [:]
                    let type = answer.field("content-type").map { String($0.prefix { $0 != ";" }) }
                    #expect(
                        content.isEmpty ? answer.body.isEmpty : content[type ?? ""] != nil, "\(name): \(type ?? "none")"
                    )
                    if let schema = content[type ?? ""]?["schema"] as? [String: Any], type?.hasSuffix("json") == true {
                        let faults = check.faults(of: try Self.object(answer.body), against: schema)
                        #expect(faults.isEmpty, "\(name): \(faults)")
                    }
                    #expect(answer.status < 500, "\(name)")
                    if answer.status < 300 { succeeded.insert(operation["operationId"] as? String ?? "") }
                }
                let all = Self.operations(of: document).map { $0.value["operationId"] as? String ?? "" }
                #expect(Set(all) == succeeded, "every operation succeeded once")
                #expect(Set(all).count == all.count)
            }
        }
    }

    @Test func documentHasEveryRouteAndNoMore() async throws {
        try await withServer { client in
            let document = try Self.object(try await client.get("/openapi.json").body)
            let described = Self.operations(of: document).map { "\($0.method) \($0.path)" }
            let service = ViTScopeService(
                configuration: ServiceConfiguration(dataDirectory: client.data, threads: 1),
                logger: Logger(label: "test"))
            let api = WebAPI(
                service: service, info: ServerInfo(version: "1", revision: ""), assets: .none,
                counter: ConnectionCounter(limits: ConnectionLimits()))
            let registered = api.table.routes.map { "\($0.operation.method.rawValue) \($0.operation.path)" }
            #expect(described.sorted() == registered.sorted())
            #expect(document["openapi"] as? String == "3.1.0")
        }
    }

    @Test func everyReferenceIsThere() async throws {
        try await withServer { client in
            let text = try await client.get("/openapi.json").body
            let check = SchemaCheck(document: try Self.object(text))
            for piece in text.components(separatedBy: "\"$ref\":\"").dropFirst() {
                let reference = String(piece.prefix { $0 != "\"" })
                #expect(!check.resolve(reference).isEmpty, "\(reference)")
            }
        }
    }

    @Test func everyParameterOfThePathIsDescribed() async throws {
        try await withServer { client in
            let document = try Self.object(try await client.get("/openapi.json").body)
            for operation in Self.operations(of: document) {
                let parameters = operation.value["parameters"] as? [[String: Any]] ?? []
                let inPath = parameters.filter { $0["in"] as? String == "path" }.map { "{\($0["name"] ?? "")}" }
                let expected = operation.path.split(separator: "/").filter { $0.hasPrefix("{") }.map(String.init)
                #expect(inPath == expected, "\(operation.path)")
            }
        }
    }

    private static func object(_ text: String) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    private static func operations(
        of document: [String: Any]
    ) -> [(method: String, path: String, value: [String: Any])] {
        let paths = document["paths"] as? [String: [String: [String: Any]]] ?? [:]
        return paths.flatMap { path, methods in methods.map { ($0.key.uppercased(), path, $0.value) } }
    }

    private static func operation(_ request: Request, in document: [String: Any]) -> [String: Any]? {
        let parts = request.target.prefix { $0 != "?" }.split(separator: "/")
        return operations(of: document).first { operation in
            let own = operation.path.split(separator: "/")
            return operation.method == request.method
                && own.count == parts.count && !zip(own, parts).contains { !$0.hasPrefix("{") && $0 != $1 }
        }?.value
    }
}
