import Catalogue
import Engine
import HTTPTypes
import Hummingbird
import JSON
import Service

/// Results under their permanent names.
struct ResultRoutes {
    let service: ViTScopeService

    var routes: [Route] { [list, result, manifest] }

    private var list: Route {
        Route(
            Operation(
                method: .get, path: "/v1/analyses", id: "listAnalyses", tag: "analyses",
                summary: "The results that are kept, the newest first",
                parameters: [
                    .query(
                        "analysis", "Only this kind of analysis, or `comparison`.",
                        schema: .oneOf(service.configuration.kinds.all.map(\.name) + ["comparison"]))
                ] + OperationParameter.page(token: Schema.digestPattern),
                answers: [.json("A page of results.", .any)], problems: [.notAcceptable, .invalid, .unavailable])
        ) { call in
            let asked = try call.page()
            let page = try await service.results(
                kind: call.query.text("analysis"), pageSize: asked.size, pageToken: asked.token)
            return try call.json(
                .object([
                    .init("analyses", .list(page.items)), .init("next_page_token", .text(page.nextPageToken)),
                ]))
        }
    }

    private var result: Route {
        Route(
            Operation(
                method: .get, path: "/v1/analyses/{id}", id: "getAnalysis", tag: "analyses",
                summary: "A result or a comparison by its permanent name",
                parameters: [
                    .analysisID,
                    .query(
                        "format", "Which form; decides over Accept. png is of analyses alone, html of comparisons.",
                        schema: .oneOf(ResultFormat.allCases.map(\.rawValue) + [ComparisonForm.html.rawValue])),
                    OperationParameter(
                        name: "Prefer", place: .header, schema: .string,
                        detail: "`wait=N` waits up to N seconds for one that is being computed."),
                ],
                answers: [
                    Answer(
                        status: .ok, detail: "The numbers, or a figure of them.",
                        content: [("application/json", .any), ("text/html", .any)]
                            + ResultFormat.allCases.dropFirst().map { ($0.bareMediaType, .any) }),
                    Answer(
                        status: .accepted, detail: "It is being computed.", content: [("application/json", .any)]),
                    .notModified,
                ],
                problems: [.notAcceptable, .notFound, .conflict, .gone, .invalid, .unavailable, .cancelled])
        ) { call in
            let id = call.name("id"), wait = call.wait(usual: 0, most: AnalysisRoutes.longestWait)
            if try await service.isComparison(id) {
                let form = try ComparisonRoutes.form(call)
                let outcome = try await ConnectionLife.cancellingWhenOver {
                    try await service.comparison(id, waiting: wait)
                }
                return try ComparisonRoutes.answer(outcome, form, call)
            }
            let format = try AnalysisRoutes.format(call)
            let outcome = try await ConnectionLife.cancellingWhenOver {
                try await service.analysis(id, waiting: wait)
            }
            switch outcome {
            case .pending(let job): return try AnalysisRoutes.pending(id, job, call, format: format.rawValue)
            case .done(let result):
                var options = EncodingOptions()
                options.links = ResultRoutes.links(id, ["png", "npy", "npz", "csv"])
                if let response = AnalysisRoutes.notModified(id, format, options, call) { return response }
                return try await AnalysisRoutes.answer(result, format, options, call, service)
            }
        }
    }

    private var manifest: Route {
        Route(
            Operation(
                method: .get, path: "/v1/analyses/{id}/manifest", id: "getManifest", tag: "analyses",
                summary: "What a result was made of: versions, digests, parameters, threads",
                parameters: [.analysisID], answers: [.json("The manifest, for `vitscope verify`.", .any)],
                problems: [.notAcceptable, .notFound, .conflict, .gone, .unavailable]), checksQuery: false
        ) { call in
            let text = try await service.manifest(call.name("id"))
            return call.bytes(Array(text.utf8), type: "application/json", headers: [.cacheControl: "private, no-cache"])
        }
    }

    /// Links to a result's forms.
    static func links(_ id: String, _ forms: [String]) -> [JSONValue.Member] {
        let path = "/v1/analyses/\(id)"
        return [.init("self", .string(path)), .init("manifest", .string(path + "/manifest"))]
            + forms.map { .init($0, .string("\(path)?format=\($0)")) }
    }
}

extension OperationParameter {
    static let analysisID = OperationParameter.path("id", "The `analysis_id` of a result.", schema: .digest)
}
