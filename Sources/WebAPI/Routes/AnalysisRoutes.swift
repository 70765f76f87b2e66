import HTTPTypes
import Hummingbird
import NIOCore
import Service

/// The analyses: one route for each kind, all of them answered the same way.
struct AnalysisRoutes {
    let service: ViTScopeService

    var routes: [Route] { AnalysisKind.allCases.map(route) }

    private func route(_ kind: AnalysisKind) -> Route {
        Route(kind.operation) { call in try await answer(kind, call) }
    }

    private func answer(_ kind: AnalysisKind, _ call: Call) async throws -> Response {
        let format = try AnalysisRoutes.format(call)
        var query = call.query
        var options = EncodingOptions()
        options.overlay = query.flag("overlay") ?? false
        let model = kind.path.contains("{name}") ? call.name("name") : nil
        let prepared = try await prepare(kind, model: model, query: query, format: format)

        let tag = AnalysisRoutes.tag(prepared.id, format, options)
        var headers: HTTPFields = [.eTag: tag, .cacheControl: "private, no-cache", .vary: "Accept"]
        if EntityTag.matches(tag, ifNoneMatch: call.request.headers[values: .ifNoneMatch]) {
            return Response(status: .notModified, headers: headers)
        }

        options.links = AnalysisRoutes.links(call, model: model)
        let encoding = options
        let (encoded, timing) = try await ConnectionLife.cancellingWhenOver {
            let result = try await service.run(prepared)
            return (try await service.encode(result, as: format, options: encoding), result.timing)
        }
        call.context.notes.timing = timing.serverTiming
        if let tensor = encoded.tensor {
            headers[.tensorShape] = tensor.shape.map(String.init).joined(separator: ",")
            headers[.tensorDtype] = tensor.dtype
            headers[.tensorAxes] = tensor.axes.joined(separator: ",")
        }
        if let ending = format.fileEnding {
            headers[.contentDisposition] =
                "attachment; filename=\"\(kind.rawValue)-\(prepared.id.prefix(12)).\(ending)\""
        }
        return call.bytes(encoded.bytes, type: encoded.mediaType, headers: headers)
    }

    /// Checks all parameters at once: the faults of their names, found here, and of their values, found by the service.
    private func prepare(
        _ kind: AnalysisKind, model: String?, query: Query, format: ResultFormat
    ) async throws -> PreparedAnalysis {
        let known = Set(kind.parameters)
        var seen: Set<String> = []
        let parameters = query.items.filter {
            known.contains($0.name) && ($0.name == "image" || seen.insert($0.name).inserted)
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
    private static func format(_ call: Call) throws -> ResultFormat {
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
        let form = format == .json ? "" : "-" + format.rawValue + (options.overlay ? "-overlay" : "")
        return "\"\(id)\(form)\""
    }

    private static func links(_ call: Call, model: String?) -> [ResultValue.Member] {
        let items = call.query.items.filter { $0.name != "format" && $0.name != "overlay" }
            .map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
        let path = call.request.uri.path
        func link(_ more: [String]) -> ResultValue {
            let query = (items + more).joined(separator: "&")
            return .string(query.isEmpty ? path : "\(path)?\(query)")
        }
        var links: [ResultValue.Member] = [.init("self", link([]))]
        links += ["png", "npy", "npz", "csv"].map { .init($0, link(["format=" + $0])) }
        if let model { links.append(.init("model", .string("/v1/models/\(PercentEncoding.encode(model))"))) }
        return links
    }
}

extension ServiceError.Fault {
    /// The same fault, pointing into a query instead of a body.
    fileprivate var inQuery: ServiceError.Fault {
        .init(pointer: pointer.hasPrefix("/") ? "?" + pointer.dropFirst() : pointer, detail: detail)
    }
}

extension ResultFormat {
    /// Of a file that a browser should save rather than show.
    fileprivate var fileEnding: String? {
        switch self {
        case .json, .png: nil
        case .npy, .npz, .csv: rawValue
        }
    }
}
