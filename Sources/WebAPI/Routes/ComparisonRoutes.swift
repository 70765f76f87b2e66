import Catalogue
import Engine
import HTTPTypes
import Hummingbird
import Service

/// Models side by side.
struct ComparisonRoutes {
    private static let bodyLimit = 1 << 20

    let service: ViTScopeService

    var routes: [Route] { [compare] }

    private var compare: Route {
        Route(
            Operation(
                method: .post, path: "/v1/comparisons", id: "compareModels", tag: "analyses",
                summary: "Every metric of two or more models on the same images, with differences",
                parameters: [
                    .query(
                        "format", "json (the usual), csv, npz or html; decides over Accept.",
                        schema: .oneOf(ComparisonForm.allCases.map(\.rawValue))),
                    .analysisPreferences,
                ],
                body: RequestContent(
                    types: ["application/json"], schema: schema,
                    detail: "Models with a probe set or images and metrics, or results that are there."),
                answers: [
                    Answer(
                        status: .ok, detail: "The comparison.",
                        content: ComparisonForm.allCases.map { (String($0.mediaType.prefix { $0 != ";" }), .any) }),
                    Answer(
                        status: .accepted, detail: "Some results are being computed.",
                        content: [("application/json", .any)],
                        fields: [("Location", "Where the comparison will be."), ("Retry-After", "Seconds.")]),
                ],
                problems: [
                    .notAcceptable, .invalid, .notFound, .conflict, .queueFull, .busy, .unavailable, .cancelled, .gone,
                    .diskFull,
                ]), bodyLimit: ComparisonRoutes.bodyLimit
        ) { call in
            let form = try ComparisonRoutes.form(call)
            try ContentKinds.checkJSON(call.request.headers[values: .contentType])
            let body = Array(try await call.body(upTo: ComparisonRoutes.bodyLimit).readableBytesView)
            let wait = call.wait(usual: 0, most: AnalysisRoutes.longestWait)
            let outcome = try await ConnectionLife.cancellingWhenOver {
                try await service.compare(body, waiting: wait, isWatched: call.isWatched)
            }
            return try ComparisonRoutes.answer(outcome, form, call)
        }
    }

    /// - Throws: a problem for a form that is not made.
    static func form(_ call: Call) throws -> ComparisonForm {
        let forms = ComparisonForm.allCases.map(\.rawValue).joined(separator: ", ")
        if let name = call.query.text("format") {
            guard let form = ComparisonForm(rawValue: name) else {
                throw Problem(.notAcceptable, "A comparison has no format “\(name.prefix(40))”. There are: \(forms).")
            }
            return form
        }
        let types = ComparisonForm.allCases.map(\.mediaType)
        guard let type = Accept(call.request.headers[values: .accept]).best(of: types),
            let form = ComparisonForm.allCases.first(where: { $0.mediaType == type })
        else { throw Problem(.notAcceptable, "None of the forms that Accept names is made. There are: \(forms).") }
        return form
    }

    static func answer(_ outcome: ComparisonOutcome, _ form: ComparisonForm, _ call: Call) throws -> Response {
        switch outcome {
        case .pending(let id, let ready, let count, let job):
            return try AnalysisRoutes.pending(id, job, call, format: form.rawValue, ready: (ready, of: count))
        case .done(let comparison):
            let tag = "\"\(comparison.id)\(form == .json ? "" : "-" + form.rawValue)\""
            var headers: HTTPFields = [
                .eTag: tag, .cacheControl: "private, no-cache", .vary: "Accept",
                .contentLocation: "/v1/analyses/\(comparison.id)",
            ]
            if EntityTag.matches(tag, ifNoneMatch: call.request.headers[values: .ifNoneMatch]) {
                return Response(status: .notModified, headers: headers)
            }
            if form == .csv || form == .npz {
                headers[.contentDisposition] =
                    "attachment; filename=\"comparison-\(comparison.id.prefix(12)).\(form.rawValue)\""
            }
            let links = ResultRoutes.links(comparison.id, ["csv", "npz", "html"])
            return call.bytes(comparison.encoded(form, links: links), type: form.mediaType, headers: headers)
        }
    }

    /// Models with a probe set or with images, or results that are there.
    private var schema: Schema {
        let comparable = service.configuration.kinds.comparable
        let parameters = Schema.closed(
            comparable.map { kind in
                let declared = kind.spec.parameters.flatMap { declaration in
                    ([declaration.name] + declaration.aliases).map { ($0, Schema.inBody(declaration)) }
                }
                return (kind.name, .closed(declared, required: []))
            }, required: [])
        let names = Schema.set(.oneOf(comparable.map(\.name)), atLeast: 1, atMost: comparable.count)
        let common: [(String, Schema)] = [
            ("models", .set(.ref("ModelName"), atLeast: 2, atMost: 16)),
            ("metrics", .anyOf([.oneOf(["all"]), names])), ("parameters", parameters),
        ]
        return .anyOf([
            .closed(common + [("probe_set", .ref("Name"))], required: ["models", "probe_set"]),
            .closed(
                common + [("images", .set(.ref("ImageRef"), atLeast: 1, atMost: ServiceLimits().imagesPerRequest))],
                required: ["models", "images"]),
            .closed([("analyses", .set(.digest, atLeast: 2, atMost: 1024))], required: ["analyses"]),
        ])
    }
}
