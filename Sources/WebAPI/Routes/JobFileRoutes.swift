import Catalogue
import Engine
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Service

/// What a job leaves: series of metrics, words, checkpoints, and how its layers went.
struct JobFileRoutes {
    private static let csv = "text/csv; charset=utf-8"
    /// The piece of a checkpoint that is in memory at a time, bytes.
    private static let pieceBytes = 256 << 10
    /// Points of one metric at the most.
    private static let mostPoints = 1_000_000

    let service: ViTScopeService

    var routes: [Route] { [metrics, log, checkpoints, download, trajectory] }

    private var metrics: Route {
        Route(
            Operation(
                method: .get, path: "/v1/jobs/{id}/metrics", id: "getJobMetrics", tag: "jobs",
                summary: "The course of a job's metrics",
                parameters: [
                    .jobID,
                    .query("keys", "Only these; with commas between, or repeated.", repeats: true),
                    .query(
                        "max_points", "Of each metric; longer series are thinned so that their shape stays.",
                        schema: .integer(atLeast: 2, atMost: JobFileRoutes.mostPoints)),
                    .query("format", "Which form; decides over Accept.", schema: .oneOf(["json", "csv"])),
                ],
                answers: [
                    Answer(
                        status: .ok, detail: "The series.",
                        content: [("application/json", .ref("JobMetrics")), ("text/csv", .any)])
                ],
                problems: [.notAcceptable, .invalid, .notFound, .unavailable]), checksQuery: false
        ) { call in
            var query = call.query
            let points = query.integer("max_points", atLeast: 2, atMost: JobFileRoutes.mostPoints)
            let format = query.choice("format", of: ["json", "csv"])
            if !query.faults.isEmpty { throw ServiceError.invalid(query.faults) }
            let offers = ["application/json", JobFileRoutes.csv]
            let asked = format.map { offers[$0 == "csv" ? 1 : 0] }
            guard let type = asked ?? Accept(call.request.headers[values: .accept]).best(of: offers) else {
                throw Problem(.notAcceptable, "This path answers application/json and text/csv; accept one.")
            }
            let found = try await JobRoutes.pointingIntoQuery {
                try await service.jobMetrics(call.name("id"), keys: call.query.list("keys"), maxPoints: points)
            }
            let headers: HTTPFields = [.vary: "Accept", .cacheControl: "no-cache"]
            return call.bytes(
                type == JobFileRoutes.csv ? found.csv : found.field.json, type: type, headers: headers)
        }
    }

    private var log: Route {
        Route(
            Operation(
                method: .get, path: "/v1/jobs/{id}/logs", id: "getJobLog", tag: "jobs",
                summary: "What a job's worker has printed",
                parameters: [
                    .jobID,
                    .query(
                        "tail", "Lines from the end; 200 without it.", schema: .integer(atLeast: 0, atMost: 100_000)),
                ],
                answers: [.bytes("Text.", ["text/plain"])],
                problems: [.notAcceptable, .invalid, .notFound, .unavailable]), checksQuery: false
        ) { call in
            var query = call.query
            let lines = query.integer("tail", atLeast: 0, atMost: 100_000)
            if !query.faults.isEmpty { throw ServiceError.invalid(query.faults) }
            try call.accept(["text/plain"])
            return call.bytes(
                try await service.jobLog(call.name("id"), tail: lines), type: "text/plain; charset=utf-8",
                headers: [.cacheControl: "no-cache"])
        }
    }

    private var checkpoints: Route {
        Route(
            Operation(
                method: .get, path: "/v1/jobs/{id}/checkpoints", id: "listJobCheckpoints", tag: "jobs",
                summary: "The checkpoints that are kept, by step", parameters: [.jobID],
                answers: [.json("All of them.", .ref("CheckpointList"))],
                problems: [.notAcceptable, .invalid, .notFound, .unavailable])
        ) { call in
            return try call.json(try await service.jobCheckpoints(call.name("id")))
        }
    }

    private var download: Route {
        let fields = [
            ("ETag", "The digest of the bytes."), ("Accept-Ranges", "bytes"),
            ("Content-Disposition", "A name for the file."),
        ]
        return Route(
            Operation(
                method: .get, path: "/v1/jobs/{id}/checkpoints/{step}/download", id: "downloadJobCheckpoint",
                tag: "jobs", summary: "A checkpoint's bytes, safetensors",
                parameters: [
                    .jobID,
                    .path("step", "A step, or `latest`.", schema: .string(pattern: "^([0-9]{1,18}|latest)$")),
                    OperationParameter(
                        name: "Range", place: .header, schema: .string,
                        detail: "One range of bytes, to go on with a download that broke off."),
                    OperationParameter(
                        name: "If-Range", place: .header, schema: .string,
                        detail: "The ETag of what is there already; the whole file comes where it is another."),
                ],
                answers: [
                    Answer(
                        status: .ok, detail: "All of it.", content: [("application/octet-stream", .any)],
                        fields: fields),
                    Answer(
                        status: .partialContent, detail: "The range.", content: [("application/octet-stream", .any)],
                        fields: fields + [("Content-Range", "Which bytes, of how many.")]),
                    .notModified,
                ],
                problems: [.notAcceptable, .invalid, .notFound, .conflict, .gone, .rangeNotSatisfiable, .unavailable])
        ) { call in
            try call.accept(["application/octet-stream"])
            let file = try await service.jobCheckpoint(call.name("id"), step: call.name("step"))
            return try JobFileRoutes.answer(file, to: call.request)
        }
    }

    private static func answer(_ file: CheckpointDownload, to request: Request) throws -> Response {
        let tag = "\"\(file.sha256)\""
        var headers: HTTPFields = [
            .eTag: tag, .cacheControl: "private, no-cache", .acceptRanges: "bytes",
            .contentType: "application/octet-stream",
            .contentDisposition: "attachment; filename=\"\(file.fileName)\"",
        ]
        if EntityTag.matches(tag, ifNoneMatch: request.headers[values: .ifNoneMatch]) {
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        // What a client has the beginning of must be this very file; a date or a weak tag does not prove it.
        let isSame = request.headers[values: .ifRange].allSatisfy { $0 == tag }
        let wantsPart = request.method == .get && isSame
        switch wantsPart ? ByteRange(request.headers[values: .range], size: file.sizeBytes) : .whole {
        case .whole:
            return Response(status: .ok, headers: headers, body: body(file, 0..<file.sizeBytes))
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.sizeBytes)"
            return Response(status: .partialContent, headers: headers, body: body(file, range))
        case .unsatisfiable:
            throw Problem(
                .rangeNotSatisfiable, "The file has \(file.sizeBytes) bytes, none of them in this range.",
                fields: [.contentRange: "bytes */\(file.sizeBytes)"])
        }
    }

    private static func body(_ file: CheckpointDownload, _ range: Range<Int>) -> ResponseBody {
        ResponseBody(contentLength: range.count) { writer in
            var offset = range.lowerBound
            while offset < range.upperBound {
                let piece = file.bytes(at: offset, count: min(pieceBytes, range.upperBound - offset))
                guard !piece.isEmpty else { throw ServiceError.internalFault("a checkpoint became shorter") }
                try await writer.write(ByteBuffer(bytes: piece))
                offset += piece.count
            }
            try await writer.finish(nil)
        }
    }

    /// The analyses that a job may repeat while it trains.
    private var trajectoryMetrics: [String] {
        service.configuration.kinds.all.filter { $0.spec.trajectory != nil }.map(\.name)
    }

    private var trajectory: Route {
        Route(
            Operation(
                method: .get, path: "/v1/jobs/{id}/trajectory", id: "getJobTrajectory", tag: "jobs",
                summary: "How a metric of every layer went while the job trained",
                parameters: [
                    .jobID,
                    OperationParameter(
                        name: "metric", place: .query, schema: .oneOf(trajectoryMetrics),
                        detail: "One of the job's `analysis.metrics`.", isRequired: true),
                ],
                answers: [.json("Steps by layers.", .ref("Trajectory"))],
                problems: [.notAcceptable, .invalid, .notFound, .unavailable]), checksQuery: false
        ) { call in
            var query = call.query
            if query.text("metric") == nil { query.fault("metric", "Say which: metric=attention-nmi, for example.") }
            if !query.faults.isEmpty { throw ServiceError.invalid(query.faults) }
            let metric = query.text("metric") ?? ""
            return try call.json(
                try await JobRoutes.pointingIntoQuery {
                    try await service.jobTrajectory(call.name("id"), metric: metric)
                })
        }
    }
}
