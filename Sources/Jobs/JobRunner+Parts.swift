import FoundationEssentials

// Jobs whose work is cut into jobs of their own.
extension JobRunner {
    /// Looks at the parts of a job: while they wait or run the job waits too and tells how far they are, and when all are
    /// done its worker is started once more, to put them together.
    ///
    /// - Returns: how the job ends where it cannot go on; nil where it waits or goes on.
    func endOfParts(of job: Job) async throws -> JobEvent? {
        if job.cancelRequestedAt != nil || job.pauseRequestedAt != nil { return .stopped }
        var filter = JobFilter()
        filter.parentID = job.id
        filter.kind = .analysis
        let parts = try await store.jobs(filter, before: nil, limit: .max)
        // The others are cancelled with the job.
        if let failed = parts.first(where: { $0.state == .failed || $0.state == .cancelled }) {
            let failure = failed.failure ?? JobFailure(.failed, "It was cancelled.")
            return .failed(
                JobFailure(
                    failure.reason, "The part “\(failed.request.name ?? failed.id.text)” failed. \(failure.message)"))
        }
        let isOver = parts.allSatisfy(\.state.isTerminal)
        try await tell(PartsProgress(parts, steps: job.totalSteps), of: job, isLast: isOver)
        guard isOver else {
            wait(for: job.id)
            return nil
        }
        try await startAgain(job.id)
        return nil
    }

    /// Now and then, and at the end.
    private func tell(_ progress: PartsProgress, of job: Job, isLast: Bool) async throws {
        guard progress.text != job.progress, progress.steps > 0 else { return }
        let last = job.heartbeatAt ?? .distantPast
        guard isLast || now().timeIntervalSince(last) >= 0.5 || last > now() else { return }
        var report = JobReport(offset: job.reportOffset), findings = WorkerFindings()
        report.step = progress.step
        report.totalSteps = progress.steps
        report.progress = progress.text
        findings.notices = [JobNotice(.progress, progress.text)]
        _ = try await commitFollowed(job.id, .reported(report), findings)
    }
}

/// How far the parts of a job are together.
private struct PartsProgress {
    let step: Int
    /// As the job itself has said; 0 where it has not.
    let steps: Int
    private let done: Int
    private let count: Int

    init(_ parts: [Job], steps: Int?) {
        self.steps = steps ?? 0
        count = parts.count
        done = parts.count { $0.state == .succeeded }
        step = min(parts.reduce(0) { $0 &+ $1.step }, self.steps)
    }

    /// A JSON object.
    var text: String {
        let fraction = Double(step) / Double(max(steps, 1))
        return #"{"step":\#(step),"steps":\#(steps),"fraction":\#(fraction),"#
            + #""message":"\#(step) of \#(steps) images, \#(done) of \#(count) shards are done"}"#
    }
}
