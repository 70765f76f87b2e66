import Catalogue
import FoundationEssentials
package import Jobs
public import JSON

/// A job as users see it.
public struct JobInfo: Sendable {
    public let id: String
    public let state: String
    public let isTerminal: Bool
    /// The last progress, JSON.
    public let progress: JSONValue
    /// The API's JSON of the job.
    public let field: JSONValue

    /// - Parameters:
    ///   - queuePosition: how many start before it; nil unless it waits.
    ///   - secondsBefore: what those take that run or start before it, about; nil where it does not wait.
    ///   - isStalled: whether its worker has said nothing for a while.
    package init(_ job: Job, queuePosition: Int?, secondsBefore: Double? = nil, isStalled: Bool) {
        id = job.id.text
        state = job.state.rawValue
        isTerminal = job.state.isTerminal
        progress = job.progress.flatMap(JSONValue.init(json:)) ?? .null
        let path = "/v1/jobs/\(job.id)"
        let links = ["events", "metrics", "logs", "checkpoints", "trajectory"].map {
            JSONValue.Member($0, .string("\(path)/\($0)"))
        }
        let expected = Self.expectedSeconds(job, secondsBefore)
        var members: [JSONValue.Member] = [
            .init("id", .string(job.id.text)),
            .init("name", .optional(job.request.name)),
            .init("kind", .string(job.request.kind.rawValue)),
            .init("method", .string(job.request.method)),
            .init("state", .string(state)),
            .init("held", .bool(job.isHeld)),
            .init("attempt", .int(job.attempt)),
            .init("crashes", .int(job.crashes)),
            .init(
                "labels",
                .object(job.request.labels.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })),
            .init("parent_id", .optional(job.request.parentID?.text)),
            .init("priority", .int(job.request.priority)),
            .init("queue_position", .optional(queuePosition)),
            .init("expected_seconds", expected.map(JSONValue.double) ?? .null),
            .init("stalled", .bool(isStalled)),
            .init("cancel_requested_at", .date(job.cancelRequestedAt)),
            .init("pause_requested_at", .date(job.pauseRequestedAt)),
            .init("last_heartbeat_at", .date(job.heartbeatAt)),
            .init("finish_reason", .optional(job.finishReason)),
            .init(
                "failure",
                job.failure.map {
                    .object([.init("reason", .string($0.reason.rawValue)), .init("message", .string($0.message))])
                } ?? .null),
        ]
        members += [
            .init("progress", progress),
            .init("metrics", .object(job.metrics.map { .init($0.key, $0.field) })),
            .init("step", .int(job.step)),
            .init("steps", .optional(job.totalSteps)),
            .init("checkpoint_step", .optional(job.checkpointStep)),
            .init("config", JobBody(job.request.body)?.work.config ?? .null),
            .init("created_at", .date(job.createdAt)),
            .init("started_at", .date(job.startedAt)),
            .init("finished_at", .date(job.finishedAt)),
            .init("links", .object([.init("self", .string(path))] + links)),
        ]
        field = .object(members)
    }

    /// Until it is done, about: of one that waits with those before it, of one that runs the part that is left.
    private static func expectedSeconds(_ job: Job, _ before: Double?) -> Double? {
        guard let own = job.request.expectedSeconds, !job.state.isTerminal else { return nil }
        let done = job.totalSteps.map { min(Double(job.step) / Double(max($0, 1)), 1) } ?? 0
        return ((before ?? 0) + own * (1 - done)).rounded(.up)
    }
}

extension MetricSummary {
    fileprivate var field: JSONValue {
        .object([
            .init("last", .double(last)), .init("min", .double(min)), .init("min_step", .int(minStep)),
            .init("max", .double(max)), .init("max_step", .int(maxStep)),
        ])
    }
}
