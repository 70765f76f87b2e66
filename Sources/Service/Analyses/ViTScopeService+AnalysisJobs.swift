public import Catalogue
public import Engine
import Jobs
import JSON
import Models
public import Runs

/// What became of a question.
public enum AnalysisOutcome: Sendable {
    case done(AnalysisResult)
    /// It waits in the queue, or runs there.
    case pending(JobInfo)
}

// Questions that take their time run in the queue, and their answers are found under their names.
extension ViTScopeService {
    /// What takes longer is answered later, seconds.
    private static let patience = 2.0
    /// What takes longer lets others go first in the queue, seconds.
    private static let longSeconds = 60.0

    /// Answers at once where that is possible within two seconds; otherwise the question goes into the queue.
    ///
    /// - Parameters:
    ///   - seconds: how long the client will wait for the queue; nil for a client that did not say.
    ///   - inQueue: whether it is one of several, so that a tenth of the time is long enough for the queue.
    ///   - isWatched: whether it is given up in the queue where nobody asks after it for a while, and nobody else has asked
    ///     without this.
    /// - Throws: as `run`, and `queueFull`.
    public func answer(
        _ analysis: PreparedAnalysis, waiting seconds: Double? = nil, inQueue: Bool = false, isWatched: Bool = false
    ) async throws(ServiceError) -> AnalysisOutcome {
        if let known = try await known(analysis) { return .done(known) }
        // What never goes into the queue does not ask what the queue knows of it.
        guard jobQueue != nil, estimatedSeconds(analysis) > 0 else { return .done(try await run(analysis)) }
        // Who waits long enough is answered without the queue: questions that wait together share the passes through the
        // model, and are given up when nobody waits any more.
        if let seconds, !inQueue, analysis.shards.isEmpty, estimatedSeconds(analysis) * 2 < seconds,
            let result = try await run(analysis, within: seconds)
        {
            return .done(result)
        }
        // One after another, so that two who ask at the same time have one job.
        let found = try await perform {
            try await askers.withTurn(for: analysis.id) {
                try await self.pending(analysis, inQueue: inQueue, isWatched: isWatched)
            }
        }
        switch found {
        case nil: return .done(try await run(analysis))
        case .done(let result)?: return .done(result)
        case .pending(let job)?:
            guard let seconds, seconds > 0 else { return .pending(job) }
            let ended = try await watched.asking(analysis.id) { () async throws(ServiceError) in
                try await self.job(job.id, waiting: seconds)
            }
            guard ended.isTerminal else { return .pending(ended) }
            return try await self.analysis(analysis.id)
        }
    }

    /// Computes where no job does already; nil where it takes longer than `seconds`.
    private func run(_ analysis: PreparedAnalysis, within seconds: Double) async throws(ServiceError) -> AnalysisResult?
    {
        if let job = try await analysisJob(analysis.id), !job.state.isTerminal { return nil }
        return try await perform {
            try await withThrowingTaskGroup(of: AnalysisResult?.self) { group in
                group.addTask { try await self.run(analysis) }
                group.addTask {
                    try await Task.sleep(for: .seconds(seconds))
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        }
    }

    /// What the queue knows of the question, which goes into it where it takes its time; nil for one to be answered at
    /// once.
    private func pending(
        _ analysis: PreparedAnalysis, inQueue: Bool, isWatched: Bool
    ) async throws(ServiceError) -> AnalysisOutcome? {
        // It may have been answered while others had their turn.
        if let known = try await known(analysis) { return .done(known) }
        let queue = try openQueue()
        if !isWatched { watched.keep(analysis.id) }
        if let job = try await analysisJob(analysis.id) {
            if !job.state.isTerminal { return .pending(try await perform { try await info(job, queue) }) }
            if job.state == .succeeded, let result = try await taken(job) { return .done(result.found(for: analysis)) }
        }
        // What never fits is not put into the queue to fail there.
        if let need = analysis.task.need(images: analysis.images.sources.count) {
            try Compute.check(
                bytes: need.bytes, budget: configuration.limits.computeBytes, alternative: need.alternative)
        }
        let isLong = estimatedSeconds(analysis) > Self.patience / (inQueue ? 10 : 1)
        // Who has it cut wants jobs.
        guard isLong || !analysis.shards.isEmpty else { return nil }
        let job = try await enqueue(analysis, queue)
        if isWatched {
            watched.watch(analysis.id) { [weak self] in
                // Where it is done by now, there is nothing to give up.
                _ = try? await self?.cancelJob(job.id)
            }
        }
        return .pending(job)
    }

    /// A result by its name.
    ///
    /// - Parameter seconds: how long to wait for one that is being computed.
    /// - Throws: `notFound`; `gone` where it was let go of; `conflict` where its computation failed.
    public func analysis(_ id: String, waiting seconds: Double = 0) async throws(ServiceError) -> AnalysisOutcome {
        guard Digest.isValid(id) else { throw .notFound(.analysis, name: id.shortened, nearest: []) }
        if let result = results.value(for: id) { return .done(result) }
        if let question = questions.value(for: id) { return .done(try await run(question)) }
        guard let archive else { throw .notFound(.analysis, name: id.shortened, nearest: []) }
        await keeper.settle()
        if let result = try await kept(id) { return .done(result) }
        if var job = try await analysisJob(id) {
            let number = job.id.text, isOpen = !job.state.isTerminal
            job = try await watched.asking(id) { () async throws(ServiceError) in
                if seconds > 0, isOpen { _ = try await self.job(number, waiting: seconds) }
                return try await find(number)
            }
            switch job.state {
            case .queued, .running: return .pending(try await perform { try await info(job, try openQueue()) })
            case .succeeded: if let result = try await taken(job) { return .done(result) }
            case .failed:
                throw .conflict(
                    "The analysis failed: \(job.failure?.message ?? "its worker left no reason"). Ask again.")
            case .cancelled: throw .conflict("The analysis was cancelled. Ask again.")
            }
        }
        if try await perform({ try await archive.store.result(id) }) != nil {
            throw .gone(
                "The numbers of this analysis were let go of, to make room. Its manifest says how to ask again.")
        }
        throw .notFound(.analysis, name: id.shortened, nearest: [])
    }

    /// What a result was made of, JSON.
    ///
    /// - Throws: `notFound`; `conflict` while it is being computed.
    public func manifest(_ id: String) async throws(ServiceError) -> String {
        guard let archive, Digest.isValid(id) else { throw .notFound(.analysis, name: id.shortened, nearest: []) }
        if let question = questions.value(for: id) {
            let result = try await run(question)
            return Manifest.make(
                question, result, codeVersion: configuration.codeVersion, threads: configuration.threads, at: now()
            ).text
        }
        await keeper.settle()
        if let stored = try await perform({ try await archive.store.result(id) }) { return stored.manifest }
        guard case .done = try await analysis(id),
            let stored = try await perform({ try await archive.store.result(id) })
        else { throw .conflict("The analysis is not done yet. Ask again when it is.") }
        return stored.manifest
    }

    /// Puts the question into the queue.
    private func enqueue(_ analysis: PreparedAnalysis, _ queue: JobQueue) async throws(ServiceError) -> JobInfo {
        var models: [ModelReference] = []
        for model in analysis.task.models {
            let reference = try await catalogue.request(model.name)
            models.append(computing.reference(to: model.model, named: reference))
        }
        let request = AnalysisRequest(
            id: analysis.id, kind: analysis.kind.name, models: models,
            parameters: analysis.parameters.filter { $0.name != "a" && $0.name != "b" }, cut: cut(analysis))
        return try await perform {
            let date = now(), body = JobBody(.question(request), threads: configuration.threads)
            var order = try JobRequest(body)
            let seconds = estimatedSeconds(analysis)
            order.expectedSeconds = seconds
            if seconds > Self.longSeconds { order.priority = JobRequest.lowPriority }
            let job = Job(id: JobID(at: date), request: order, at: date)
            switch try await queue.store.submit(job, key: nil, limit: queue.limit) {
            case .accepted(let job), .repeated(let job):
                queue.feed.changed(job.id)
                return try await info(job, queue)
            case .otherRequest, .full:
                throw ServiceError.queueFull(
                    "\(queue.limit) analyses wait already. Ask again when some are done.", retryAfter: 60)
            }
        }
    }

    /// How its images are shared among jobs; nil where they are not. Jobs that run at one time share the threads.
    private func cut(_ analysis: PreparedAnalysis) -> AnalysisRequest.Cut? {
        guard !analysis.shards.isEmpty else { return nil }
        let together = max(min(configuration.jobs.analyses, analysis.shards.count), 1)
        return AnalysisRequest.Cut(
            shards: analysis.shards.count, images: analysis.images.sources.count,
            threads: max(configuration.threads / together, 1))
    }

    /// The newest job that asks this question.
    private func analysisJob(_ id: String) async throws(ServiceError) -> Job? {
        guard let queue = jobQueue else { return nil }
        var filter = JobFilter()
        filter.kind = .analysis
        filter.labels = [AnalysisRequest.label: id]
        return try await perform { try await queue.store.jobs(filter, before: nil, limit: 1).first }
    }

    /// Takes over what a worker has left.
    private func taken(_ job: Job) async throws(ServiceError) -> AnalysisResult? {
        let queue = try openQueue()
        return try await perform {
            let result = try await queue.archive.take(job, in: queue.folder, at: now())
            if let result { results.remember(result) }
            return result
        }
    }

    /// Whether it is computed faster than a result is found on the disk, so that it is neither kept nor looked for there:
    /// maps of a small model, which whoever moves over an image asks for by the thousand.
    func isQuick(_ analysis: PreparedAnalysis) -> Bool {
        analysis.kind.spec.isImmediate && secondsOfPasses(analysis) < Self.quickSeconds
    }

    private static let quickSeconds = 0.02

    /// What computing would take, from the sizes of models and images and the speed seen so far.
    private func estimatedSeconds(_ analysis: PreparedAnalysis) -> Double {
        // Whoever moves over an image waits for its maps, and they are not sent through the queue.
        if analysis.kind.spec.isImmediate { return 0 }
        return secondsOfPasses(analysis) + analysis.task.secondsBeside / Double(max(configuration.threads, 1))
    }

    private func secondsOfPasses(_ analysis: PreparedAnalysis) -> Double {
        let images = Double(analysis.images.sources.count)
        let flops = analysis.task.models.reduce(0) { $0 + $1.model.config.forwardFLOPs }
        let passes = Double(analysis.task.passes)
        let decoding = 0.004, threads = Double(max(configuration.threads, 1))
        return images * passes * (flops / 5e10 / threads + decoding)
    }
}
