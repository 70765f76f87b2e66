import FoundationEssentials
import Jobs
import Platform

/// A store whose transactions are places at which a test may have the process die.
struct FaultPointStore: JobStore {
    let store: any JobStore

    func submit(_ job: Job, key: IdempotencyKey?, limit: Int) async throws -> Submission {
        try await passing("submit") { try await store.submit(job, key: key, limit: limit) }
    }

    func claim(_ kind: JobKind, for executor: ExecutorName, owner: String, at date: Date) async throws -> Job? {
        let job = try await store.claim(kind, for: executor, owner: owner, at: date)
        // Most looks find nothing to claim; those are no places worth dying at.
        if job != nil { FaultPoint.pass(.commitAfter, "claim") }
        return job
    }

    func commit(_ change: JobChange) async throws -> Bool {
        try await passing("change to \(change.after.state.rawValue)") { try await store.commit(change) }
    }

    private func passing<R>(_ what: String, _ body: () async throws -> R) async throws -> R {
        FaultPoint.pass(.commitBefore, what)
        let result = try await body()
        FaultPoint.pass(.commitAfter, what)
        return result
    }

    func replay(_ key: IdempotencyKey, at date: Date) async throws -> Submission? {
        try await store.replay(key, at: date)
    }

    func job(_ id: JobID) async throws -> Job? { try await store.job(id) }

    func jobs(_ filter: JobFilter, before: JobID?, limit: Int) async throws -> [Job] {
        try await store.jobs(filter, before: before, limit: limit)
    }

    func count(_ kind: JobKind, _ state: JobState) async throws -> Int { try await store.count(kind, state) }

    func queuePosition(of job: Job) async throws -> Int? { try await store.queuePosition(of: job) }

    func secondsBefore(_ job: Job) async throws -> Double { try await store.secondsBefore(job) }

    func nextStart() async throws -> Date? { try await store.nextStart() }

    func unfinishedChildren(of id: JobID) async throws -> Int { try await store.unfinishedChildren(of: id) }

    func notices(of id: JobID, after number: Int, limit: Int) async throws -> [NumberedNotice] {
        try await store.notices(of: id, after: number, limit: limit)
    }

    func lastNotice(of id: JobID) async throws -> Int { try await store.lastNotice(of: id) }

    func trajectory(of id: JobID, metric: String) async throws -> [TrajectoryPoint] {
        try await store.trajectory(of: id, metric: metric)
    }

    func delete(_ id: JobID) async throws -> [JobID] { try await store.delete(id) }

    func close() async throws { try await store.close() }
}
