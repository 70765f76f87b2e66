import Engine
import FoundationEssentials
import Jobs
import Logging
import Platform
import Runs
import Training

// Letting go of what grows old, where whoever runs the server wants that.
extension ViTScopeService {
    /// One round over kept results and over the checkpoints of trainings at their end.
    ///
    /// - Throws: what the stores throw.
    @discardableResult
    public func letGo() async throws -> RetentionReport {
        let retention = configuration.retention, queue = try openQueue()
        var report = RetentionReport()
        if let seconds = retention.resultSeconds {
            let date = now().addingTimeInterval(-Double(seconds))
            report.results = try await queue.archive.store.forget(readBefore: date, isDry: retention.isDry)
        }
        if let count = retention.checkpoints { try await letGo(ofAllBut: count, queue, retention.isDry, &report) }
        if report != RetentionReport() {
            logger.notice(
                retention.isDry ? "would let go of what is old" : "let go of what is old",
                metadata: [
                    "results": "\(report.results)", "checkpoints": "\(report.checkpoints)",
                    "checkpoint_bytes": "\(report.checkpointBytes)",
                ])
        }
        return report
    }

    private func letGo(
        ofAllBut count: Int, _ queue: JobQueue, _ isDry: Bool, _ report: inout RetentionReport
    ) async throws {
        let needed = try await checkpointsInUse(queue)
        var filter = JobFilter(), last: JobID?
        filter.kind = .training
        filter.states = [.succeeded, .failed, .cancelled]
        while true {
            let jobs = try await queue.store.jobs(filter, before: last, limit: 100)
            guard let end = jobs.last else { return }
            last = end.id
            for job in jobs {
                let all = (try? stored(job)) ?? []
                for checkpoint in all.dropLast(max(count, 1)) where !needed.contains(checkpoint.path) {
                    report.checkpoints += 1
                    report.checkpointBytes += checkpoint.sizeBytes
                    if !isDry { try Folder.removeFile(checkpoint.path) }
                }
            }
        }
    }

    /// Where checkpoints lie that a job which is not at its end begins with.
    private func checkpointsInUse(_ queue: JobQueue) async throws -> Set<String> {
        var filter = JobFilter()
        filter.states = [.queued, .running]
        let bodies = try await queue.store.jobs(filter, before: nil, limit: .max).map { JobBody($0.request.body)?.work }
        return Set(
            bodies.compactMap { work in
                guard case .training(let order)? = work else { return nil }
                return order.initFromPath
            })
    }

    /// Rounds until the task is cancelled; none where nothing is to go.
    func letGoNowAndThen() async {
        let retention = configuration.retention
        guard retention.resultSeconds != nil || retention.checkpoints != nil else { return }
        while !Task.isCancelled {
            do { try await letGo() } catch { logger.error("what is old could not be let go of: \(error)") }
            try? await Task.sleep(for: retention.interval)
        }
    }
}
