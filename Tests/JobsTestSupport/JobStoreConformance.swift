import Foundation
import Jobs
import Testing

/// The checks behind `JobStoreCheck`.
struct JobStoreConformance {
    let store: any JobStore

    @discardableResult
    func submit(
        _ request: JobRequest = JobSamples.request(), at date: Date = JobSamples.start, key: IdempotencyKey? = nil
    ) async throws -> Job {
        let submission = try await store.submit(JobSamples.job(request, at: date), key: key, limit: .max)
        guard case .accepted(let job) = submission else { throw JobStoreError.failed("\(submission)") }
        return job
    }

    @discardableResult
    func apply(
        _ event: JobEvent, to id: JobID, at seconds: Double = 1, findings: WorkerFindings = WorkerFindings()
    ) async throws -> Job {
        let job = try #require(await store.job(id))
        let change = try JobChange(job, event, at: JobSamples.date(seconds), findings: findings)
        #expect(try await store.commit(change))
        return change.after
    }

    @discardableResult
    func claim(
        _ kind: JobKind = .training, for executor: ExecutorName = .local, at seconds: Double = 1
    ) async throws -> Job? {
        try await store.claim(kind, for: executor, owner: "me", at: JobSamples.date(seconds))
    }

    func submission() async throws {
        let job = try await submit(JobSamples.request(labels: ["a": "b", "Ä\n\"": "ö'; --"]))
        #expect(try await store.job(job.id) == job)
        #expect(try await store.job(JobID(at: .now)) == nil)
        let notices = try await store.notices(of: job.id, after: 0, limit: 10)
        #expect(
            notices == [NumberedNotice(number: 1, at: JobSamples.start, notice: JobChange.firstNotice(of: job))])
        await #expect(throws: (any Error).self) { try await store.submit(job, key: nil, limit: .max) }
        #expect(try await store.jobs(JobFilter(), before: nil, limit: .max).count == 1)
    }

    /// Through every event, what is read is what was written, to the last bit of a date.
    func everyFieldComesBack() async throws {
        let id = try await submit(JobSamples.request(labels: ["x": ""])).id
        for (number, event) in Self.life.enumerated() {
            let date = JobSamples.date(10_000 * (Double(number) + 0.1) / 3)
            let job = try #require(await store.job(id))
            let change = try JobChange(job, event, at: date)
            #expect(try await store.commit(change))
            #expect(try await store.job(id) == change.after, "\(event.name)")
        }
        #expect(try await store.job(id)?.state == .failed)
        let other = try await submit().id
        try await claim(at: 1e6)
        try await apply(.cancelRequested, to: other)
        let cancelled = try await apply(.stopped, to: other)
        #expect(try await store.job(other) == cancelled)
    }

    private static let life: [JobEvent] = [
        .pauseRequested, .resumeRequested, .claimed(owner: "one"), .reported(JobSamples.report(step: 1)),
        .reported(JobSamples.report(step: 7, checkpoint: 7)), .pauseRequested, .stopped, .resumeRequested,
        .claimed(owner: "two"), .crashed("it fell"), .claimed(owner: "three"), .adopted(owner: "four"),
        .failed(JobFailure(.diskFull, "no room")), .claimed(owner: "five"), .finishRequested(reason: "enough"),
        .failed(JobFailure(.badData, "a \"bad\" image\n")),
    ]

    func orderOfClaims() async throws {
        let low = try await submit(JobSamples.request(priority: JobRequest.lowPriority), at: JobSamples.date(-9))
        let second = try await submit(at: JobSamples.start)
        let third = try await submit(at: JobSamples.start)
        let first = try await submit(at: JobSamples.date(-1))
        let urgent = try await submit(JobSamples.request(priority: 1), at: JobSamples.date(0.5))
        let analysis = try await submit(JobSamples.request(.analysis, priority: 0))
        var order: [JobID] = []
        while let job = try await claim() { order.append(job.id) }
        #expect(order == [urgent, first, second, third, low].map(\.id))
        #expect(try await claim(.analysis)?.id == analysis.id)
    }

    /// Who waits for a cluster keeps nobody from this machine, and the other way round.
    func executorsHaveLinesOfTheirOwn() async throws {
        var request = JobSamples.request()
        request.executor = .slurm
        let remote = try await submit(request, at: JobSamples.date(-1)), local = try await submit()
        #expect(try await store.job(remote.id)?.request.executor == .slurm)
        #expect(try await store.queuePosition(of: local) == 0)
        #expect(try await claim()?.id == local.id)
        #expect(try await claim() == nil)
        #expect(try await claim(for: .slurm)?.id == remote.id)
    }

    func claimIsTheDomainsClaim() async throws {
        let job = try await submit()
        let claimed = try #require(await claim(at: 2.345))
        #expect(claimed == (try job.applying(.claimed(owner: "me"), at: JobSamples.date(2.345))))
        #expect(try await store.job(job.id) == claimed)
        let last = try await store.notices(of: job.id, after: 1, limit: 9)
        #expect(last.map(\.notice.kind) == [.state])
        #expect(last.first?.notice.data.contains(#""state":"running""#) == true)
    }

    func heldAndFutureAreNotClaimed() async throws {
        let held = try await submit()
        try await apply(.pauseRequested, to: held.id)
        let future = try await submit(at: JobSamples.date(50))
        #expect(try await claim(at: 49.9) == nil)
        #expect(try await claim(at: 50)?.id == future.id)
        try await apply(.resumeRequested, to: held.id, at: 60)
        #expect(try await claim(at: 59) == nil)
        #expect(try await claim(at: 60)?.id == held.id)
    }

    /// A job that came while the clock was wrong does not wait until it is right again.
    func clockSetBack() async throws {
        let early = try await submit(at: JobSamples.date(3600))
        let now = try await submit(at: JobSamples.start)
        #expect(try await claim(at: 1)?.id == now.id)
        #expect(try await claim(at: 1)?.id == early.id)
        let retried = try await submit(at: JobSamples.date(700))
        #expect(try await claim(at: 1) == nil, "a wait between two tries is a wait")
        #expect(try await claim(at: 700)?.id == retried.id)
    }

    /// 200 writers race for each of five versions.
    func oneWinnerAVersion() async throws {
        let id = try await submit().id
        try await claim()
        for round in 1...5 {
            let job = try #require(await store.job(id))
            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for writer in 0..<200 {
                    let report = JobSamples.report(step: round * 1000 + writer)
                    group.addTask {
                        try await store.commit(JobChange(job, .reported(report), at: JobSamples.date(2)))
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(wins == 1)
            #expect(try await store.job(id)?.version == job.version + 1)
            #expect(try await store.job(id)?.metricLines == round)
        }
    }

    func everyClaimOnce() async throws {
        for _ in 0..<40 { try await submit() }
        let claimed = try await withThrowingTaskGroup(of: JobID?.self) { group in
            for number in 0..<60 {
                group.addTask {
                    try await store.claim(.training, for: .local, owner: "\(number)", at: JobSamples.date(1))?.id
                }
            }
            return try await group.reduce(into: [JobID]()) { $0 += $1.map { [$0] } ?? [] }
        }
        #expect(claimed.count == 40)
        #expect(Set(claimed).count == 40)
    }

    /// 1,000 posts of one key at the same time.
    func oneJobAKey() async throws {
        let key = IdempotencyKey("again", fingerprint: "f")
        let answers = try await withThrowingTaskGroup(of: Submission.self) { group in
            for _ in 0..<1000 {
                group.addTask { try await store.submit(JobSamples.job(), key: key, limit: 1) }
            }
            return try await group.reduce(into: [Submission]()) { $0.append($1) }
        }
        let jobs = try await store.jobs(JobFilter(), before: nil, limit: .max)
        #expect(jobs.count == 1)
        let job = try #require(jobs.first)
        #expect(answers.count { $0 == .accepted(job) } == 1)
        #expect(answers.count { $0 == .repeated(job) } == 999)
        let other = IdempotencyKey("again", fingerprint: "g")
        #expect(try await store.submit(JobSamples.job(), key: other, limit: .max) == .otherRequest)
        #expect(try await store.replay(other, at: JobSamples.start) == .otherRequest)
        #expect(try await store.replay(IdempotencyKey("new", fingerprint: "f"), at: JobSamples.start) == nil)
        // What became of the job since is told.
        let running = try #require(await claim())
        #expect(try await store.replay(key, at: JobSamples.start) == .repeated(running))
    }

    func keysExpire() async throws {
        let key = IdempotencyKey("daily", fingerprint: "f")
        let first = try await submit(key: key)
        #expect(try await store.replay(key, at: JobSamples.date(86_400)) == .repeated(first))
        #expect(try await store.replay(key, at: JobSamples.date(86_401)) == nil)
        let second = try await submit(at: JobSamples.date(90_000), key: key)
        #expect(second.id != first.id)
        #expect(try await store.replay(key, at: JobSamples.date(90_001)) == .repeated(second))
    }

    func queueLimit() async throws {
        for _ in 0..<2 { #expect(try await store.submit(JobSamples.job(), key: nil, limit: 2) != .full) }
        let key = IdempotencyKey("full", fingerprint: "f")
        #expect(try await store.submit(JobSamples.job(), key: key, limit: 2) == .full)
        #expect(try await store.replay(key, at: JobSamples.start) == nil)
        let analysis = JobSamples.job(JobSamples.request(.analysis))
        #expect(try await store.submit(analysis, key: nil, limit: 1) == .accepted(analysis))
        try await claim()
        #expect(try await store.submit(JobSamples.job(), key: key, limit: 2) != .full)
        #expect(try await store.count(.training, .queued) == 2)
        #expect(try await store.count(.training, .running) == 1)
        #expect(try await store.count(.analysis, .queued) == 1)
        #expect(try await store.count(.analysis, .failed) == 0)
    }

    func queuePosition() async throws {
        #expect(try await store.nextStart() == nil)
        let first = try await submit()
        let second = try await submit()
        let third = try await submit()
        try await submit(JobSamples.request(.analysis, priority: 0))
        #expect(try await store.queuePosition(of: third) == 2)
        #expect(try await store.nextStart() == first.runAt)
        var request = JobSamples.request(.analysis)
        request.expectedSeconds = 40
        let look = try await submit(request), next = try await submit(request)
        #expect(try await store.secondsBefore(look) == 0)
        #expect(try await store.secondsBefore(next) == 40)
        #expect(try await store.job(next.id)?.request.expectedSeconds == 40)
        let held = try await apply(.pauseRequested, to: second.id)
        #expect(try await store.queuePosition(of: held) == nil)
        #expect(try await store.queuePosition(of: third) == 1)
        let running = try #require(await claim())
        #expect(running.id == first.id)
        #expect(try await store.queuePosition(of: running) == nil)
        #expect(try await store.queuePosition(of: third) == 0)
    }
}
