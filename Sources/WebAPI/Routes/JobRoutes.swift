import Catalogue
import Engine
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Runs
import Service

/// Training jobs: posted, listed, looked at, and asked for something.
struct JobRoutes {
    /// A job's description, bytes.
    static let bodyLimit = 1 << 20
    /// How long a request may wait for something to happen, seconds.
    static let longestWait = 60
    /// As a job's `resources.ranks`.
    static let mostRanks = 1024

    let service: ViTScopeService

    var routes: [Route] {
        [submit, list, job, delete]
            + [
                action("cancel", "Cancel a job, which is final") { try await $0.cancelJob($1) },
                action("pause", "Have a job save itself and wait") { try await $0.pauseJob($1) },
                action("resume", "Let a paused job go on") { try await $0.resumeJob($1) },
                retry,
            ]
    }

    private var submit: Route {
        Route(
            Operation(
                method: .post, path: "/v1/jobs", id: "submitJob", tag: "jobs", summary: "Post a training job",
                parameters: [
                    OperationParameter(
                        name: "Idempotency-Key", place: .header, schema: .string(pattern: "^[!-~]{1,128}$"),
                        detail: "1 to 128 visible ASCII characters; the same key and body again give the same job."),
                    OperationParameter(
                        name: "traceparent", place: .header, schema: .string,
                        detail: "A trace that the logs of the server and of the job's worker name (W3C Trace Context)."),
                    .query("dry_run", "Check and estimate, and post nothing.", schema: .boolean),
                ],
                body: RequestContent(
                    types: ["application/json"], schema: .ref("JobRequest"),
                    detail: "What `vitscope train --config` takes."),
                answers: [
                    .json("What the job would need.", .ref("JobEstimate")),
                    Answer(
                        status: .accepted, detail: "It is in the queue.", content: [("application/json", .ref("Job"))],
                        fields: [
                            ("Location", "The job."),
                            ("Idempotency-Replayed", "`true` where the key has led to this job before."),
                        ]),
                ],
                problems: [
                    .notAcceptable, .invalid, .notFound, .conflict, .queueFull, .busy, .unavailable, .diskFull,
                    .cancelled,
                ]),
            bodyLimit: JobRoutes.bodyLimit, checksQuery: false
        ) { call in
            var query = call.query
            let isDry = query.flag("dry_run") ?? false
            if !query.faults.isEmpty { throw ServiceError.invalid(query.faults) }
            try call.accept(["application/json"])
            let headers = call.request.headers
            try ContentKinds.checkJSON(headers[values: .contentType])
            let buffer = try await call.body(upTo: JobRoutes.bodyLimit)
            try call.checkComplete(buffer.readableBytes)
            let body = Array(buffer.readableBytesView)
            if isDry {
                let estimate = try await ConnectionLife.cancellingWhenOver { try await service.estimateJob(body) }
                return try call.json(estimate)
            }
            let keys = headers[values: .idempotencyKey]
            guard keys.count <= 1 else { throw Problem(.unreadable, "Send one Idempotency-Key.") }
            let submission = try await service.submitJob(
                body, idempotencyKey: keys.first, trace: TraceParent(headers[values: .traceParent])?.text)
            var answer: HTTPFields = [.location: JobRoutes.path(submission.job)]
            if submission.isReplayed { answer[.idempotencyReplayed] = "true" }
            return try call.json(submission.job.field, status: .accepted, headers: answer)
        }
    }

    private var list: Route {
        Route(
            Operation(
                method: .get, path: "/v1/jobs", id: "listJobs", tag: "jobs", summary: "The jobs, the newest first",
                parameters: [
                    .query(
                        "state", "Only these; with commas between, or repeated.",
                        schema: .list(of: JobSchemas.states), repeats: true),
                    .query("method", "Only these; with commas between, or repeated.", repeats: true),
                    .query("label", "`key=value`, or `key` with any value; all of them.", repeats: true),
                    .query("kind", "Trainings, or the analyses that look at them.", schema: .oneOf(JobRoutes.kinds)),
                ] + OperationParameter.page(token: JobRoutes.idPattern),
                answers: [.json("A page of jobs.", .ref("JobList"))],
                problems: [.notAcceptable, .invalid, .unavailable])
        ) { call in
            let asked = try call.page()
            var filter = JobListFilter()
            filter.states = call.query.list("state")
            filter.methods = call.query.list("method")
            filter.labels = call.query.items.filter { $0.name == "label" }.map(\.value)
            filter.kind = call.query.text("kind")
            let wanted = filter
            let page = try await JobRoutes.pointingIntoQuery {
                try await service.jobs(wanted, pageSize: asked.size, pageToken: asked.token)
            }
            return try call.json(
                .object([
                    .init("jobs", .list(page.items.map(\.field))), .init("next_page_token", .text(page.nextPageToken)),
                ]))
        }
    }

    private var job: Route {
        Route(
            Operation(
                method: .get, path: "/v1/jobs/{id}", id: "getJob", tag: "jobs", summary: "One job, now or after a wait",
                parameters: [
                    .jobID,
                    .query(
                        "wait", "Seconds to wait for what `until` says.",
                        schema: .integer(atLeast: 0, atMost: JobRoutes.longestWait)),
                    .query(
                        "until", "The job's end (the default), or any change.", schema: .oneOf(["terminal", "change"])),
                ],
                answers: [.json("The job.", .ref("Job"))],
                problems: [.notAcceptable, .invalid, .notFound, .unavailable]), checksQuery: false
        ) { call in
            var query = call.query
            let seconds = query.integer("wait", atLeast: 0, atMost: JobRoutes.longestWait) ?? 0
            let until = query.choice("until", of: ["terminal", "change"]) ?? "terminal"
            if !query.faults.isEmpty { throw ServiceError.invalid(query.faults) }
            let id = call.name("id")
            let job = try await ConnectionLife.cancellingWhenOver {
                try await service.job(id, waiting: Double(seconds), untilTerminal: until == "terminal")
            }
            return try call.json(job.field)
        }
    }

    private var delete: Route {
        Route(
            Operation(
                method: .delete, path: "/v1/jobs/{id}", id: "deleteJob", tag: "jobs",
                summary: "Remove a job at its end with all that it has left", parameters: [.jobID],
                answers: [.empty("It is gone.", status: .noContent)],
                problems: [.invalid, .notFound, .conflict, .unavailable, .diskFull])
        ) { call in
            try await service.deleteJob(call.name("id"))
            return Response(status: .noContent)
        }
    }

    private var retry: Route {
        let ranks = OperationParameter.query(
            "ranks",
            "Processes that train together from here on, where the job is to have others; its numbers are then no longer those "
                + "of one that was never stopped, and it says so.",
            schema: .integer(atLeast: 1, atMost: JobRoutes.mostRanks))
        return action(
            "retry", "Post a failed or cancelled job once more, from its last checkpoint", [ranks],
            problems: [.busy, .cancelled]
        ) { service, call in
            var query = call.query
            let ranks = query.integer("ranks", atLeast: 1, atMost: JobRoutes.mostRanks)
            if !query.faults.isEmpty { throw ServiceError.invalid(query.faults) }
            return try await service.retryJob(call.name("id"), ranks: ranks)
        }
    }

    /// Something that is asked of a job.
    private func action(
        _ name: String, _ summary: String,
        _ ask: @escaping @Sendable (ViTScopeService, String) async throws -> JobInfo
    ) -> Route {
        action(name, summary, [], problems: []) { try await ask($0, $1.name("id")) }
    }

    private func action(
        _ name: String, _ summary: String, _ parameters: [OperationParameter], problems: [ProblemKind],
        _ ask: @escaping @Sendable (ViTScopeService, Call) async throws -> JobInfo
    ) -> Route {
        Route(
            Operation(
                method: .post, path: "/v1/jobs/{id}/\(name)", id: "\(name)Job", tag: "jobs", summary: summary,
                parameters: [.jobID] + parameters,
                answers: [
                    Answer(
                        status: .accepted, detail: "It will be done; the job says when it is.",
                        content: [("application/json", .ref("Job"))], fields: [("Location", "The job.")])
                ],
                problems: [.notAcceptable, .invalid, .notFound, .conflict, .queueFull, .unavailable, .diskFull]
                    + problems), checksQuery: parameters.isEmpty
        ) { call in
            try call.accept(["application/json"])
            let job = try await ask(service, call)
            return try call.json(job.field, status: .accepted, headers: [.location: JobRoutes.path(job)])
        }
    }

    private static let kinds = ["training", "analysis"]
    /// What ids of jobs look like.
    static let idPattern = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

    private static func path(_ job: JobInfo) -> String { "/v1/jobs/\(job.id)" }

    /// The value of `body`; faults that it finds in values are faults of the query.
    static func pointingIntoQuery<R>(_ body: () async throws -> R) async throws -> R {
        do {
            return try await body()
        } catch ServiceError.invalid(let faults) {
            throw ServiceError.invalid(
                faults.map {
                    .init(
                        pointer: $0.pointer.hasPrefix("/") ? "?" + $0.pointer.dropFirst() : $0.pointer,
                        detail: $0.detail)
                })
        }
    }
}

extension OperationParameter {
    static let jobID = OperationParameter.path(
        "id", "A job's id.", schema: .string(pattern: "^\(JobRoutes.idPattern)$"))
}

extension Query {
    /// The values of `name`, which may come several times and with commas between.
    func list(_ name: String) -> [String] {
        items.filter { $0.name == name }.flatMap { $0.value.split(separator: ",").map(String.init) }
    }
}

extension HTTPField.Name {
    fileprivate static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    fileprivate static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
}
