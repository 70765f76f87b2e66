import Catalogue
import Engine
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Platform
import Runs
import Service

/// The analyses: one route for each kind, all of them answered the same way, and one that lists the kinds.
struct AnalysisRoutes {
    /// `Prefer: wait=N` waits no longer, seconds.
    static let longestWait = 600.0

    let service: ViTScopeService

    var routes: [Route] { [kinds] + service.configuration.kinds.all.map(route) }

    private var kinds: Route {
        Route(
            Operation(
                method: .get, path: "/v1/analysis-kinds", id: "listAnalysisKinds", tag: "analyses",
                summary: "What can be analysed: every kind with its parameters, their defaults and ranges",
                answers: [.json("The kinds.", .ref("AnalysisKinds"))], problems: [.notAcceptable, .invalid])
        ) { call in
            return try call.json(service.configuration.kinds.value)
        }
    }

    private func route(_ kind: AnalysisKind) -> Route {
        Route(kind.operation, checksQuery: false) { call in try await answer(kind, call) }
    }

    private func answer(_ kind: AnalysisKind, _ call: Call) async throws -> Response {
        let format = try AnalysisRoutes.format(call)
        var query = call.query
        var options = EncodingOptions()
        options.overlay = query.flag("overlay") ?? false
        options.figure = query.text("figure")
        options.isQuantized = query.choice("dtype", of: ["f32", "u8"]) == "u8"
        options.isPacked =
            options.isQuantized && AcceptEncoding.takesGzip(call.request.headers[values: .acceptEncoding])
        let model = kind.spec.comparesTwo ? nil : call.name("name")
        if options.isQuantized, format != .npz || !kind.spec.givesMaps {
            query.fault("dtype", "dtype=u8 is made of maps, with format=npz.")
        }
        for (name, detail) in service.configuration.kinds.refusals(of: kind) { query.refuse(name, detail) }
        let prepared = try await prepare(kind, model: model, query: query, format: format)

        if let response = AnalysisRoutes.notModified(prepared.id, format, options, call) { return response }

        options.links = AnalysisRoutes.links(call, model: model)
        let wait = call.wait(usual: 0, most: AnalysisRoutes.longestWait)
        let outcome = try await ConnectionLife.cancellingWhenOver {
            try await service.answer(prepared, waiting: wait, isWatched: call.isWatched)
        }
        switch outcome {
        case .done(let result): return try await AnalysisRoutes.answer(result, format, options, call, service)
        case .pending(let job): return try AnalysisRoutes.pending(prepared.id, job, call, format: format.rawValue)
        }
    }

    /// 304 where the client has what it asks for.
    static func notModified(
        _ id: String, _ format: ResultFormat, _ options: EncodingOptions, _ call: Call
    ) -> Response? {
        let tag = tag(id, format, options)
        guard EntityTag.matches(tag, ifNoneMatch: call.request.headers[values: .ifNoneMatch]) else { return nil }
        return Response(status: .notModified, headers: headers(tag, options))
    }

    private static func headers(_ tag: String, _ options: EncodingOptions) -> HTTPFields {
        [
            .eTag: tag, .cacheControl: "private, no-cache",
            .vary: options.isQuantized ? "Accept, Accept-Encoding" : "Accept",
        ]
    }

    /// A result in the form that is wanted.
    static func answer(
        _ result: AnalysisResult, _ format: ResultFormat, _ options: EncodingOptions, _ call: Call,
        _ service: ViTScopeService
    ) async throws -> Response {
        var headers = headers(tag(result.id, format, options), options)
        let body = try await ConnectionLife.cancellingWhenOver {
            try await service.encode(result, as: format, options: options)
        }
        call.context.notes.timing = result.timing.serverTiming
        if body.isPacked { headers[.contentEncoding] = "gzip" }
        if let tensor = body.tensor {
            headers[.tensorShape] = tensor.shape.map(String.init).joined(separator: ",")
            headers[.tensorDtype] = tensor.dtype
            headers[.tensorAxes] = tensor.axes.joined(separator: ",")
            if body.missingCount > 0 { headers[.tensorMissing] = "\(body.missingCount)" }
        }
        if let ending = format.fileEnding {
            headers[.contentDisposition] =
                "attachment; filename=\"\(result.kind.name)-\(result.id.prefix(12)).\(ending)\""
        }
        return call.body(body, headers: headers)
    }

    /// 202: where the answer will be, and how far it is.
    static func pending(
        _ id: String, _ job: JobInfo?, _ call: Call, format: String = "json", ready: (Int, of: Int)? = nil
    ) throws -> Response {
        let path = "/v1/analyses/\(id)" + (format == "json" ? "" : "?format=\(format)")
        var links: [JSONValue.Member] = [.init("self", .string(path))]
        if let job {
            links += [
                .init("job", .string("/v1/jobs/\(job.id)")), .init("cancel", .string("/v1/jobs/\(job.id)/cancel")),
                .init("events", .string("/v1/jobs/\(job.id)/events")),
            ]
        }
        var members: [JSONValue.Member] = [
            .init("analysis_id", .string(id)), .init("state", .string(job?.state ?? "queued")),
            .init("job_id", job.map { .string($0.id) } ?? .null), .init("progress", job?.progress ?? .null),
        ]
        if let ready { members += [.init("ready", .int(ready.0)), .init("results", .int(ready.of))] }
        members.append(.init("links", .object(links)))
        return call.bytes(
            JSONValue.object(members).json, type: "application/json", status: .accepted,
            headers: [.location: path, .retryAfter: "1", .cacheControl: "no-store"])
    }

    /// Checks all parameters at once: the faults of their names, found here, and of their values, found by the service.
    private func prepare(
        _ kind: AnalysisKind, model: String?, query: Query, format: ResultFormat
    ) async throws -> PreparedAnalysis {
        let declared = kind.spec.subjects + kind.spec.parameters
        var seen: Set<String> = []
        let parameters = query.items.filter { item in
            guard let known = declared.first(where: { $0.name == item.name || $0.aliases.contains(item.name) }) else {
                return false
            }
            return known.repeats || seen.insert(item.name).inserted
        }
        do {
            let prepared = try await service.prepare(kind, model: model, parameters: parameters, format: format)
            if !query.faults.isEmpty { throw ServiceError.invalid(query.faults) }
            return prepared
        } catch ServiceError.invalid(let faults) where faults != query.faults {
            throw ServiceError.invalid(query.faults + faults.map(\.inQuery))
        }
    }

    // What the answer is like

    private static let formats = ResultFormat.allCases.map(\.rawValue).joined(separator: ", ")

    /// The form that `format=` names, or else the one that Accept likes best.
    static func format(_ call: Call) throws -> ResultFormat {
        if let name = call.query.text("format") {
            guard let format = ResultFormat(rawValue: name) else {
                throw Problem(.notAcceptable, "There is no format “\(name.prefix(40))”. There are: \(formats).")
            }
            return format
        }
        let types = ResultFormat.allCases.map(\.mediaType)
        guard let type = Accept(call.request.headers[values: .accept]).best(of: types),
            let format = ResultFormat.allCases.first(where: { $0.mediaType == type })
        else { throw Problem(.notAcceptable, "None of the forms that Accept names is made. There are: \(formats).") }
        return format
    }

    /// The analysis' id, and for other forms than JSON which form: a strong tag names one sequence of bytes.
    private static func tag(_ id: String, _ format: ResultFormat, _ options: EncodingOptions) -> String {
        let form =
            format == .json
            ? ""
            : "-" + format.rawValue + (options.overlay ? "-overlay" : "")
                + (options.isQuantized ? "-u8" : "") + (options.isPacked ? "-gzip" : "")
                + (options.figure.map { "-" + SHA256.hex(of: Array($0.utf8)).prefix(8) } ?? "")
        return "\"\(id)\(form)\""
    }

    private static func links(_ call: Call, model: String?) -> [JSONValue.Member] {
        let items = call.query.items.filter { !["format", "overlay", "figure", "dtype"].contains($0.name) }
            .map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
        let path = call.request.uri.path
        func link(_ more: [String]) -> JSONValue {
            let query = (items + more).joined(separator: "&")
            return .string(query.isEmpty ? path : "\(path)?\(query)")
        }
        var links: [JSONValue.Member] = [.init("self", link([]))]
        links += ["png", "npy", "npz", "csv"].map { .init($0, link(["format=" + $0])) }
        if let model { links.append(.init("model", .string("/v1/models/\(PercentEncoding.encode(model))"))) }
        return links
    }
}

extension Fault {
    /// The same fault, pointing into a query instead of a body.
    fileprivate var inQuery: Fault {
        .init(pointer: pointer.hasPrefix("/") ? "?" + pointer.dropFirst() : pointer, detail: detail)
    }
}

extension ResultFormat {
    /// The ending of a file that a browser should save rather than show.
    fileprivate var fileEnding: String? {
        switch self {
        case .json, .png: nil
        case .npy, .npz, .csv: rawValue
        }
    }
}
