public import Catalogue
import Jobs
public import JSON
import Runs
import Training

/// The course of a job's metrics.
public struct JobMetrics: Sendable {
    public let field: JSONValue
    /// A line for each point: metric, step, epoch, value.
    public let csv: [UInt8]
}

extension ViTScopeService {
    /// Every metric by step.
    ///
    /// - Parameters:
    ///   - keys: those wanted; all of them where there is none.
    ///   - maxPoints: of each; longer series are thinned so that their shape stays.
    /// - Throws: `notFound`, `invalid` for a metric that the job does not have.
    public func jobMetrics(
        _ id: String, keys: [String] = [], maxPoints: Int? = nil
    ) async throws(ServiceError) -> JobMetrics {
        let queue = try openQueue(), job = try await find(id)
        if let maxPoints, !(2...1_000_000).contains(maxPoints) {
            throw .invalid("/max_points", "max_points is a whole number from 2 to 1000000.")
        }
        return try await perform {
            let run = JobFolder(job.id, in: queue.folder).run
            guard RunDirectory.metricsAreWhole(in: run) else {
                throw ServiceError.conflict(
                    "The metrics of the job are damaged on the server's disk: they are not what was written. "
                        + "GET /v1/jobs/\(job.id)/events tells them too, from another place.")
            }
            let all = try MetricSeries.read(run + "/metrics.jsonl")
            let known = all.map(\.key)
            let unknown = all.isEmpty ? [] : keys.filter { !known.contains($0) }
            guard unknown.isEmpty else {
                throw ServiceError.invalid(
                    "/keys",
                    "The job has no metric “\(unknown[0].shortened(to: 80))”. It has \(known.joined(separator: ", ")).")
            }
            let wanted = keys.isEmpty ? all : all.filter { keys.contains($0.key) }
            let thin = wanted.map { $0.thinned(to: maxPoints ?? .max) }
            return JobMetrics(field: MetricSeries.field(thin), csv: MetricSeries.csv(thin))
        }
    }

    /// How a metric of every layer went while the job trained.
    ///
    /// - Parameter metric: one of the job's `analysis.metrics`.
    /// - Throws: `notFound`, `invalid` for a metric that is none.
    public func jobTrajectory(_ id: String, metric: String) async throws(ServiceError) -> JSONValue {
        let queue = try openQueue(), job = try await find(id)
        let known = AnalysisMetric.allCases.map(\.rawValue)
        guard known.contains(metric) else {
            throw .invalid(
                "/metric", "metric is one of \(known.joined(separator: ", ")), not “\(metric.shortened(to: 80))”.")
        }
        return try await perform {
            let points = try await queue.store.trajectory(of: job.id, metric: metric)
            let pending = try await queue.store.unfinishedChildren(of: job.id)
            let documents = points.map { JSONValue(json: $0.data) ?? .null }
            var reasons: [JSONValue] = []
            if points.isEmpty {
                reasons.append(
                    .object([
                        .init("pointer", .string("/values")),
                        .init("reason", .string(Self.reasonForNoPoints(job, pending: pending))),
                    ]))
            }
            return .object([
                .init("job", .string(job.id.text)), .init("metric", .string(metric)),
                .init("unit", documents.last?["unit"] ?? .null),
                .init("steps", .ints(points.map(\.step))),
                .init("epochs", .list(points.map { .double($0.epoch) })),
                .init("layers", documents.last?["layers"] ?? .list([])),
                .init("values", .list(documents.map { $0["values"] ?? .null })),
                .init("sem", .list(documents.map { $0["sem"] ?? .null })),
                .init("n_images", documents.last?["n_images"] ?? .null),
                .init("probe_set", documents.last?["probe_set"] ?? .null),
                .init("pending", .int(pending)),
                .init("reasons", .list(reasons)),
            ])
        }
    }

    private static func reasonForNoPoints(_ job: Job, pending: Int) -> String {
        if pending > 0 { return "The first analysis is not done yet; \(pending) wait or run." }
        guard let analysis = JobBody(job.request.body)?.work.config["analysis"], !analysis.isNull else {
            return
                "The job was posted without “analysis”, so nothing was looked at while it trained. Post it again with "
                + "analysis.every_epochs and analysis.probe_set."
        }
        return job.state == .queued
            ? "The job has not started yet."
            : "This metric is not among the job's analysis.metrics, or has no point yet."
    }
}
