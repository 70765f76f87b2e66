public import Catalogue
import FoundationEssentials
import Jobs
public import JSON
import Platform
public import Runs

/// Which jobs are wanted; all trainings, unless something is said.
public struct JobListFilter: Sendable {
    public var states: [String] = []
    public var methods: [String] = []
    /// `key=value`, or `key` for any value.
    public var labels: [String] = []
    public var kind: String?

    public init() {}
}

/// What became of a posted job.
public struct JobSubmission: Sendable {
    public let job: JobInfo
    /// Whether the idempotency key has led to it before.
    public let isReplayed: Bool
}

extension ViTScopeService {
    /// Takes a training job in. When this returns, the job is on the disk.
    ///
    /// - Parameters:
    ///   - body: JSON as `vitscope train --config` reads it.
    ///   - idempotencyKey: makes a repetition of the same request harmless for a day.
    ///   - trace: what the worker's log names, so that others find it again.
    /// - Throws: `invalid` with every fault, `unreadable`, `queueFull`, `diskFull`, `unavailable`.
    public func submitJob(
        _ body: [UInt8], idempotencyKey: String? = nil, trace: String? = nil
    ) async throws(ServiceError) -> JobSubmission {
        let queue = try openQueue()
        let value = try JSONValue.body(body)
        var key: IdempotencyKey?
        if let text = idempotencyKey {
            guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy({ (33...126).contains($0) }) else {
                throw .invalid("/Idempotency-Key", "An Idempotency-Key is 1 to 128 visible ASCII characters.")
            }
            let canonical = value.sorted.json
            key = IdempotencyKey(text, fingerprint: SHA256.hex(of: Array("POST /v1/jobs\n".utf8) + canonical))
        }
        return try await perform {
            if let key, let known = try await queue.store.replay(key, at: self.now()) {
                return try await self.submission(known, queue)
            }
            let request = try await self.request(value, trace: trace)
            let date = self.now()
            let found = try await queue.store.submit(
                Job(id: JobID(at: date), request: request, at: date), key: key, limit: queue.limit)
            if case .accepted(let job) = found { await queue.writeDown(job) }
            return try await self.submission(found, queue)
        }
    }

    /// What a job would need, measured on a few real steps.
    ///
    /// - Throws: as `submitJob`.
    public func estimateJob(_ body: [UInt8]) async throws(ServiceError) -> JSONValue {
        let value = try JSONValue.body(body)
        return try await perform { try await self.estimate(value) }
    }

    /// The jobs, the newest first.
    ///
    /// - Throws: `invalid` for a filter that is none, `unreadable` for a page token that is none.
    public func jobs(
        _ filter: JobListFilter, pageSize: Int? = nil, pageToken: String? = nil
    ) async throws(ServiceError) -> Page<JobInfo> {
        let queue = try openQueue(), size = try configuration.limits.size(ofPage: pageSize)
        var before: JobID?
        if let pageToken {
            before = JobID(pageToken)
            guard before != nil else { throw .pageToken(pageToken) }
        }
        let wanted = try Self.filter(filter)
        return try await perform {
            var jobs = try await queue.store.jobs(wanted, before: before, limit: size + 1)
            let isMore = jobs.count > size
            if isMore { jobs.removeLast() }
            var infos: [JobInfo] = []
            for job in jobs { infos.append(try await self.info(job, queue)) }
            return Page(items: infos, nextPageToken: isMore ? jobs.last?.id.text : nil)
        }
    }

    /// A job, at once or after a wait.
    ///
    /// - Parameters:
    ///   - seconds: to wait at the most; 0 for an answer at once.
    ///   - untilTerminal: whether to wait for the end; otherwise for any change.
    /// - Throws: `notFound`.
    public func job(
        _ id: String, waiting seconds: Double = 0, untilTerminal: Bool = true
    ) async throws(ServiceError) -> JobInfo {
        let queue = try openQueue(), found = try await find(id)
        guard seconds > 0 else { return try await perform { try await self.info(found, queue) } }
        return try await perform {
            _ = try await queue.feed.wait(for: found.id, seconds: seconds) {
                guard let job = try await queue.store.job(found.id) else { return true }
                let isDone = untilTerminal ? job.state.isTerminal : job.version != found.version
                return isDone || job.state.isTerminal ? true : nil
            }
            return try await self.info(try await self.find(id), queue)
        }
    }

    /// Cancels a job, which is final.
    ///
    /// - Throws: `notFound`; `conflict` where the job is at its end already.
    public func cancelJob(_ id: String) async throws(ServiceError) -> JobInfo {
        try await ask(.cancelRequested, of: id)
    }

    /// Has a job save itself and wait; a queued one is not started.
    ///
    /// - Throws: `notFound`; `conflict` where the job is at its end or being cancelled.
    public func pauseJob(_ id: String) async throws(ServiceError) -> JobInfo { try await ask(.pauseRequested, of: id) }

    /// Lets a paused job go on.
    ///
    /// - Throws: `notFound`; `conflict` where it is not paused.
    public func resumeJob(_ id: String) async throws(ServiceError) -> JobInfo {
        try await ask(.resumeRequested, of: id)
    }

    /// Posts a failed or cancelled job once more, as a new job that begins from the old one's last checkpoint.
    ///
    /// - Parameter ranks: processes that train together from there on, where those are to be others.
    /// - Throws: `notFound`; `conflict` where the job has not failed and was not cancelled; `invalid` for ranks that it
    ///   cannot have.
    public func retryJob(_ id: String, ranks: Int? = nil) async throws(ServiceError) -> JobInfo {
        let queue = try openQueue(), job = try await find(id)
        guard job.request.kind == .training, job.state == .failed || job.state == .cancelled else {
            throw .conflict(
                "The job is \(job.isHeld ? "paused" : job.state.rawValue); only a training that failed or was cancelled "
                    + "can be repeated.")
        }
        var request = job.request
        if let ranks { request = try await perform { try await self.request(job, ranks: ranks) } }
        request.parentID = job.id
        let date = now(), copy = Job(id: JobID(at: date), request: request, at: date)
        return try await perform {
            // A run that was refused for not being the same begins anew.
            if job.failure?.reason != .inexact {
                try await queue.executor.makeFolder(for: copy)
                try RunCopy.make(
                    from: JobFolder(job.id, in: queue.folder).run, to: JobFolder(copy.id, in: queue.folder).run)
            }
            do {
                let found = try await queue.store.submit(copy, key: nil, limit: queue.limit)
                if case .accepted(let job) = found { await queue.writeDown(job) }
                return try await self.submission(found, queue).job
            } catch {
                await queue.executor.remove(copy.id)
                throw error
            }
        }
    }

    /// Removes a job at its end with all that it has left.
    ///
    /// - Throws: `notFound`, `conflict` while it is not at its end.
    public func deleteJob(_ id: String) async throws(ServiceError) {
        let queue = try openQueue(), job = try await find(id)
        try await perform {
            let folder = JobFolder(job.id, in: queue.folder)
            // A start that finds a folder without a row must know that it was meant to go.
            try folder.markRemoved()
            let gone = try await queue.store.delete(job.id)
            guard !gone.isEmpty else {
                try folder.unmarkRemoved()
                throw ServiceError.conflict(
                    job.state.isTerminal
                        ? "The job is \(job.state.rawValue), and its worker is still ending. Delete it in a moment."
                        : "The job is \(job.state.rawValue). Cancel it first, and delete it when it is at its end.")
            }
            for id in gone {
                try? JobFolder(id, in: queue.folder).markRemoved()
                await queue.executor.remove(id)
                await self.catalogue.forgetJob(id.text)
                queue.feed.forget(id)
            }
        }
    }

    private func ask(_ event: JobEvent, of id: String) async throws(ServiceError) -> JobInfo {
        let queue = try openQueue(), job = try await find(id)
        return try await perform {
            do {
                guard let after = try await queue.runner.request(event, of: job.id) else {
                    throw Self.missing(id)
                }
                return try await self.info(after, queue)
            } catch let refusal as JobRefusal { throw ServiceError.conflict("\(refusal)") }
        }
    }
}

extension ViTScopeService {
    /// - Throws: `unavailable` where this process has no queue, or none yet.
    func openQueue() throws(ServiceError) -> JobQueue {
        guard let queue = jobQueue else { throw .unavailable("The job queue is not open.") }
        return queue
    }

    /// - Throws: `notFound`.
    func find(_ id: String) async throws(ServiceError) -> Job {
        let queue = try openQueue()
        guard let known = JobID(id) else { throw Self.missing(id) }
        let job = try await perform { try await queue.store.job(known) }
        guard let job else { throw Self.missing(id) }
        return job
    }

    func info(_ job: Job, _ queue: JobQueue) async throws -> JobInfo {
        let position = job.state == .queued ? try await queue.store.queuePosition(of: job) : nil
        // Trainings say what they take in their progress.
        let before =
            position != nil && job.request.expectedSeconds != nil ? try await queue.store.secondsBefore(job) : nil
        let isStalled = job.state == .running ? await queue.runner.stalled.contains(job.id) : false
        return JobInfo(job, queuePosition: position, secondsBefore: before, isStalled: isStalled)
    }

    private static func missing(_ id: String) -> ServiceError {
        .notFound(.job, name: id.shortened, nearest: [])
    }

    private func submission(_ submission: Submission, _ queue: JobQueue) async throws -> JobSubmission {
        switch submission {
        case .accepted(let job):
            queue.feed.changed(job.id)
            return JobSubmission(job: try await info(job, queue), isReplayed: false)
        case .repeated(let job): return JobSubmission(job: try await info(job, queue), isReplayed: true)
        case .otherRequest:
            throw ServiceError.invalid(
                "/Idempotency-Key",
                "This Idempotency-Key was used for another body. Take a new key for a new job.")
        case .full:
            throw ServiceError.queueFull(
                "\(queue.limit) jobs wait already. Post again when some are done.", retryAfter: 60)
        }
    }

    private static func filter(_ filter: JobListFilter) throws(ServiceError) -> JobFilter {
        var wanted = JobFilter(), faults: [Fault] = []
        func check<T: RawRepresentable & CaseIterable>(_ name: String, _ text: String, _ type: T.Type) -> T?
        where T.RawValue == String {
            if let found = T(rawValue: text) { return found }
            let known = T.allCases.map(\.rawValue)
            faults.append(
                .init(
                    pointer: "/" + name,
                    detail: "\(name) is one of \(known.joined(separator: ", ")), not “\(text.shortened(to: 40))”."))
            return nil
        }
        wanted.kind = filter.kind.map { check("kind", $0, JobKind.self) } ?? .training
        wanted.states = filter.states.compactMap { check("state", $0, JobState.self) }
        wanted.methods = filter.methods
        for label in filter.labels {
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            wanted.labels[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        guard faults.isEmpty else { throw .invalid(faults) }
        return wanted
    }
}
