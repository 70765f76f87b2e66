import Foundation
import Jobs
import Testing

/// Lists, notices, points, children and deletion.
extension JobStoreConformance {
    private func ids(_ edit: (inout JobFilter) -> Void) async throws -> Set<JobID> {
        var filter = JobFilter()
        edit(&filter)
        return Set(try await store.jobs(filter, before: nil, limit: 100).map(\.id))
    }

    func filters() async throws {
        let plain = try await submit()
        let red = try await submit(JobSamples.request(priority: 1, labels: ["color": "red", "size": "1"]))
        let blue = try await submit(JobSamples.request(labels: ["color": "blue"]))
        let child = try await submit(JobSamples.request(.analysis, parent: red.id))
        try await claim()
        #expect(try await ids { _ in } == [plain.id, red.id, blue.id, child.id])
        #expect(try await ids { $0.states = [.running] } == [red.id])
        #expect(try await ids { $0.states = [.running, .queued] }.count == 4)
        #expect(try await ids { $0.states = [.failed] }.isEmpty)
        #expect(try await ids { $0.kind = .analysis } == [child.id])
        #expect(try await ids { $0.methods = ["analysis", "nothing"] } == [child.id])
        #expect(try await ids { $0.labels = ["color": ""] } == [red.id, blue.id])
        #expect(try await ids { $0.labels = ["color": "red", "size": "1"] } == [red.id])
        #expect(try await ids { $0.labels = ["color": "blue", "size": ""] }.isEmpty)
        #expect(try await ids { $0.labels = ["color' OR 1 = 1 --": ""] }.isEmpty)
        #expect(try await ids { $0.parentID = red.id } == [child.id])
        #expect(try await ids { $0.parentID = plain.id }.isEmpty)
    }

    func pages() async throws {
        var all: [JobID] = []
        for second in 0..<25 { all.append(try await submit(at: JobSamples.date(Double(second))).id) }
        var seen: [JobID] = []
        while true {
            let page = try await store.jobs(JobFilter(), before: seen.last, limit: 10)
            guard !page.isEmpty else { break }
            seen += page.map(\.id)
        }
        #expect(seen == all.reversed())
        #expect(try await store.jobs(JobFilter(), before: nil, limit: 0).isEmpty)
        // A page goes on where it was, also where its last job is deleted meanwhile.
        try await apply(.cancelRequested, to: seen[9])
        #expect(try await store.delete(seen[9]) == [seen[9]])
        #expect(try await store.jobs(JobFilter(), before: seen[9], limit: 1).map(\.id) == [seen[10]])
    }

    func noticesAreNumbered() async throws {
        let id = try await submit().id
        let other = try await submit().id
        try await claim()
        var findings = WorkerFindings()
        findings.notices = [.log("one"), .log("two")]
        try await apply(.reported(JobSamples.report(step: 1)), to: id, at: 7, findings: findings)
        let notices = try await store.notices(of: id, after: 0, limit: .max)
        #expect(notices.map(\.number) == [1, 2, 3, 4])
        #expect(notices.map(\.notice.kind) == [.state, .state, .log, .log])
        #expect(notices.last?.at == JobSamples.date(7))
        #expect(try await store.notices(of: id, after: 2, limit: 1) == [notices[2]])
        #expect(try await store.notices(of: id, after: 4, limit: 9).isEmpty)
        #expect(try await store.lastNotice(of: id) == 4)
        #expect(try await store.lastNotice(of: other) == 1)
        #expect(try await store.lastNotice(of: JobID(at: .now)) == 0)
    }

    func oneCommitForAll() async throws {
        let parent = try await submit().id
        try await claim()
        var findings = WorkerFindings()
        findings.children = [JobSamples.request(.analysis, priority: JobRequest.lowPriority, parent: parent)]
        findings.notices = [.log("a snapshot")]
        try await apply(.reported(JobSamples.report(step: 3)), to: parent, findings: findings)
        #expect(try await store.unfinishedChildren(of: parent) == 1)
        let child = try #require(await claim(.analysis))
        #expect(child.request == findings.children.first)
        #expect(try await store.notices(of: child.id, after: 0, limit: 9).map(\.notice.kind) == [.state, .state])

        var points = WorkerFindings()
        for (step, data) in [(9, "{}"), (3, #"{"values":[1]}"#), (3, #"{"values":[2]}"#)] {
            points.points.append(
                TrajectoryPoint(
                    jobID: parent, step: step, epoch: 0.1 + Double(step), metric: "attention-nmi", data: data))
        }
        points.parentNotices = [JobNotice(.analysis, "{}")]
        try await apply(.reported(JobReport(offset: 5)), to: child.id, findings: points)
        let trajectory = try await store.trajectory(of: parent, metric: "attention-nmi")
        #expect(trajectory == [points.points[2], points.points[0]])
        #expect(try await store.trajectory(of: parent, metric: "fourier").isEmpty)
        #expect(try await store.notices(of: parent, after: 3, limit: 9).map(\.notice.kind) == [.analysis])
        try await apply(.succeeded, to: child.id)
        #expect(try await store.unfinishedChildren(of: parent) == 0)
    }

    func nothingOfALostCommit() async throws {
        let parent = try await submit().id
        let job = try #require(await claim())
        try await apply(.reported(JobSamples.report(step: 1)), to: parent)
        var findings = WorkerFindings()
        findings.notices = [.log("late")]
        findings.points = [TrajectoryPoint(jobID: parent, step: 1, epoch: 1, metric: "fourier", data: "{}")]
        findings.children = [JobSamples.request(.analysis, parent: parent)]
        let late = try JobChange(
            job, .reported(JobSamples.report(step: 2)), at: JobSamples.date(2), findings: findings)
        #expect(try await store.commit(late) == false)
        #expect(try await store.job(parent)?.step == 1)
        #expect(try await store.lastNotice(of: parent) == 2)
        #expect(try await store.trajectory(of: parent, metric: "fourier").isEmpty)
        #expect(try await store.count(.analysis, .queued) == 0)
        let stranger = JobSamples.job()
        #expect(try await store.commit(JobChange(stranger, .pauseRequested, at: JobSamples.start)) == false)
    }

    func nothingAfterTheEnd() async throws {
        let parent = try await submit().id
        let child = try await submit(JobSamples.request(.analysis, parent: parent)).id
        try await claim(.analysis)
        try await apply(.cancelRequested, to: parent)
        let last = try await store.lastNotice(of: parent)
        #expect(try await store.notices(of: parent, after: last - 1, limit: 9).map(\.notice.kind) == [.end])
        try await apply(.failed(JobFailure(.failed, "too late")), to: child)
        #expect(try await store.lastNotice(of: parent) == last)
        #expect(try await JobHistory.problems(in: store, submitted: [parent, child]) == [])
    }

    func deletion() async throws {
        let key = IdempotencyKey("gone", fingerprint: "f")
        let parent = try await submit(key: key).id
        let child = try await submit(JobSamples.request(.analysis, parent: parent)).id
        let repetition = try await submit(JobSamples.request(parent: parent)).id
        #expect(try await store.delete(JobID(at: .now)).isEmpty)
        #expect(try await store.delete(parent).isEmpty)
        try await apply(.cancelRequested, to: parent)
        #expect(try await store.delete(parent).isEmpty, "its analysis may be running")
        #expect(try await store.notices(of: parent, after: 0, limit: 9).isEmpty == false)
        try await apply(.cancelRequested, to: child)
        #expect(Set(try await store.delete(parent)) == [parent, child])
        #expect(try await store.job(parent) == nil)
        #expect(try await store.job(child) == nil)
        #expect(try await store.lastNotice(of: parent) == 0)
        #expect(try await store.replay(key, at: JobSamples.start) == nil)
        let kept = try #require(await store.job(repetition))
        #expect(kept.request.parentID == nil)
        #expect(try await store.commit(JobChange(kept, .cancelRequested, at: JobSamples.start)))
    }

    func lostParents() async throws {
        let parent = try await submit(JobSamples.request(parent: JobID(at: .now)))
        #expect(parent.request.parentID == nil)
        #expect(try await store.job(parent.id) == parent)
    }

    func manyJobs() async throws {
        for number in 0..<10_000 {
            let label = "\(number % 100)"
            try await submit(JobSamples.request(labels: ["n": label]), at: JobSamples.date(Double(number) / 1000))
        }
        var filter = JobFilter()
        filter.labels = ["n": "42"]
        #expect(try await store.jobs(filter, before: nil, limit: 1000).count == 100)
        #expect(try await store.jobs(JobFilter(), before: nil, limit: 50).count == 50)
        var last: Job?
        for _ in 0..<10 {
            let job = try #require(await claim(at: 1e5))
            if let last { #expect(last.runAt <= job.runAt) }
            last = job
        }
        #expect(try await store.count(.training, .queued) == 9990)
    }
}
