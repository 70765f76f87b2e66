import Catalogue
import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import Platform
import Service

/// What is told about a job, as it happens or in pages.
struct JobEventRoutes {
    private static let stream = "text/event-stream"
    private static let json = "application/json"
    /// No event has a longer number.
    private static let lastNumber = 999_999_999_999_999_999

    let service: ViTScopeService

    var routes: [Route] {
        [
            Route(
                Operation(
                    method: .get, path: "/v1/jobs/{id}/events", id: "getJobEvents", tag: "jobs",
                    summary: "What happens to a job: a stream, or JSON by Accept",
                    parameters: [
                        .jobID,
                        .query(
                            "after", "Only events after this number.",
                            schema: .integer(atLeast: 0, atMost: JobEventRoutes.lastNumber)),
                        .query("limit", "JSON: events at the most.", schema: .integer(atLeast: 1, atMost: 10_000)),
                        .query(
                            "wait", "JSON: seconds to wait for an event.",
                            schema: .integer(atLeast: 0, atMost: JobRoutes.longestWait)),
                        OperationParameter(
                            name: "Last-Event-ID", place: .header,
                            schema: .integer(atLeast: 0, atMost: JobEventRoutes.lastNumber),
                            detail: "As `after`, over which it decides; browsers send it by themselves."),
                    ],
                    answers: [
                        Answer(
                            status: .ok, detail: "Events, each with its number as id; the last one is `end`.",
                            content: [(JobEventRoutes.stream, .any), (JobEventRoutes.json, .ref("JobEvents"))]),
                        .empty("The stream has told all there is, and the job is at its end.", status: .noContent),
                    ],
                    problems: [.notAcceptable, .invalid, .notFound, .unavailable]), checksQuery: false
            ) { call in try await answer(call) }
        ]
    }

    private func answer(_ call: Call) async throws -> Response {
        let offers = [JobEventRoutes.stream, JobEventRoutes.json]
        guard let type = Accept(call.request.headers[values: .accept]).best(of: offers) else {
            throw Problem(.notAcceptable, "This path answers \(offers.joined(separator: ", ")); accept that.")
        }
        var query = call.query
        let limit = query.integer("limit", atLeast: 1, atMost: 10_000) ?? 1000
        let seconds = query.integer("wait", atLeast: 0, atMost: JobRoutes.longestWait) ?? 0
        if !query.faults.isEmpty { throw ServiceError.invalid(query.faults) }
        let after = try JobEventRoutes.after(call)
        return type == JobEventRoutes.json
            ? try await page(call, after: after, limit: limit, waiting: seconds) : try await stream(call, after: after)
    }

    private func stream(_ call: Call, after: Int) async throws -> Response {
        let id = call.name("id")
        let first = try await service.jobEvents(id, after: after, limit: EventStream.pageSize)
        // The one answer after which a browser does not come back.
        if first.isOver, first.events.isEmpty { return Response(status: .noContent) }
        let stream = EventStream(service: service, job: id, first: first, after: after)
        return Response(
            status: .ok,
            headers: [
                .contentType: JobEventRoutes.stream, .cacheControl: "no-cache", .vary: "Accept",
                .accelBuffering: "no",
            ], body: stream.body)
    }

    private func page(_ call: Call, after: Int, limit: Int, waiting seconds: Int) async throws -> Response {
        let id = call.name("id")
        let page = try await ConnectionLife.cancellingWhenOver {
            try await service.jobEvents(id, after: after, limit: limit, waiting: Double(seconds))
        }
        return try call.json(
            .object([
                .init("events", .list(page.events.map(\.field))),
                .init("next_after", .int(page.events.last?.number ?? after)), .init("over", .bool(page.isOver)),
            ]), headers: [.vary: "Accept", .cacheControl: "no-cache"])
    }

    /// The number after which to begin. A place that is none was not made by this server.
    private static func after(_ call: Call) throws -> Int {
        let fields = call.request.headers[values: .lastEventID]
        guard fields.count <= 1 else { throw Problem(.unreadable, "Send one Last-Event-ID.") }
        guard let text = fields.first ?? call.query.text("after") else { return 0 }
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text)
        else {
            throw Problem(
                .unreadable, "“\(text.prefix(40))” is no number of an event. Send the id of the last one that came.")
        }
        return number
    }
}

extension JobEventInfo {
    fileprivate var field: JSONValue {
        .object([
            .init("id", .int(number)), .init("event", .string(kind)), .init("at", .time(at)),
            .init("data", JSONValue(json: data) ?? .null),
        ])
    }
}

extension HTTPField.Name {
    fileprivate static let lastEventID = HTTPField.Name("Last-Event-ID")!
    fileprivate static let accelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
