public import Foundation
public import Jobs

/// A store that forgets everything when it is let go of.
///
/// An actor because it is shared mutable state.
public actor MemoryJobStore: JobStore {
    private struct Entry {
        var job: Job
        let sequence: Int
        var notices: [NumberedNotice] = []
    }

    private struct Key {
        let fingerprint: String
        let job: JobID
        let date: Date
    }

    private var entries: [JobID: Entry] = [:]
    private var points: [TrajectoryPoint] = []
    private var keys: [String: Key] = [:]
    private var sequence = 0
    private var error: JobStoreError?
    var results: [StoredResult] = []
    /// Ids, the last read at the end.
    var reads: [String] = []

    public init() {}

    /// Every write throws `error` from here on; nil, and all is well again.
    public func refuse(with error: JobStoreError?) { self.error = error }

    public func submit(_ job: Job, key: IdempotencyKey?, limit: Int) throws -> Submission {
        if let error { throw error }
        if let key, let known = replay(key, at: job.createdAt) { return known }
        guard count(job.request.kind, .queued) < limit else { return .full }
        guard let job = add(job) else { throw JobStoreError.failed("there is a job of this id") }
        if let key { keys[key.text] = Key(fingerprint: key.fingerprint, job: job.id, date: job.createdAt) }
        return .accepted(job)
    }

    public func replay(_ key: IdempotencyKey, at date: Date) -> Submission? {
        guard let known = keys[key.text], date.timeIntervalSince(known.date) <= IdempotencyKey.lifetime else {
            return nil
        }
        guard known.fingerprint == key.fingerprint else { return .otherRequest }
        return entries[known.job].map { .repeated($0.job) }
    }

    public func job(_ id: JobID) -> Job? { entries[id]?.job }

    public func jobs(_ filter: JobFilter, before: JobID?, limit: Int) -> [Job] {
        let found = entries.values.map(\.job).filter { job in
            let request = job.request
            return (filter.states.isEmpty || filter.states.contains(job.state))
                && (filter.kind == nil || filter.kind == request.kind)
                && (filter.methods.isEmpty || filter.methods.contains(request.method))
                && (filter.parentID == nil || filter.parentID == request.parentID)
                && !filter.labels.contains { key, value in
                    request.labels[key].map { !value.isEmpty && value != $0 } ?? true
                } && before.map { job.id.text < $0.text } ?? true
        }
        return Array(found.sorted { $0.id.text > $1.id.text }.prefix(max(limit, 0)))
    }

    public func count(_ kind: JobKind, _ state: JobState) -> Int {
        entries.values.count { $0.job.request.kind == kind && $0.job.state == state }
    }

    public func queuePosition(of job: Job) -> Int? {
        guard let entry = entries[job.id], entry.job.state == .queued, !entry.job.isHeld else { return nil }
        return waiting(job.request).count { Self.place($0) < Self.place(entry) }
    }

    public func secondsBefore(_ job: Job) -> Double {
        guard let entry = entries[job.id] else { return 0 }
        let running = entries.values.filter {
            Self.share($0.job.request, job.request) && $0.job.state == .running && $0.job.id != job.id
        }
        let before = waiting(job.request).filter { Self.place($0) < Self.place(entry) }
        return (running + before).reduce(0) { $0 + ($1.job.request.expectedSeconds ?? 0) }
    }

    public func nextStart() -> Date? {
        entries.values.filter { $0.job.state == .queued && !$0.job.isHeld }.map(\.job.runAt).min()
    }

    public func unfinishedChildren(of id: JobID) -> Int { analyses(of: id).count { !$0.state.isTerminal } }

    public func claim(_ kind: JobKind, for executor: ExecutorName, owner: String, at date: Date) throws -> Job? {
        if let error { throw error }
        let wanted = JobRequest(kind: kind, executor: executor, method: "", body: "")
        let ready = waiting(wanted).filter { $0.job.isDue(at: date) }
        guard let first = ready.min(by: { Self.place($0) < Self.place($1) }) else { return nil }
        let change = try JobChange(first.job, .claimed(owner: owner), at: date)
        return try commit(change) ? change.after : nil
    }

    public func commit(_ change: JobChange) throws -> Bool {
        if let error { throw error }
        guard let known = entries[change.before.id]?.job, known.version == change.before.version,
            known.state == change.before.state, known.attempt == change.before.attempt
        else { return false }
        entries[known.id]?.job = change.after
        tell(change.notices, of: known.id, at: change.date)
        if let parent = change.before.request.parentID, entries[parent]?.job.state.isTerminal == false {
            tell(change.parentNotices, of: parent, at: change.date)
        }
        for point in change.points where entries[point.jobID] != nil {
            points.removeAll { $0.jobID == point.jobID && $0.metric == point.metric && $0.step == point.step }
            points.append(point)
        }
        for child in change.children { _ = add(child) }
        return true
    }

    public func notices(of id: JobID, after number: Int, limit: Int) -> [NumberedNotice] {
        Array((entries[id]?.notices ?? []).filter { $0.number > number }.prefix(max(limit, 0)))
    }

    public func lastNotice(of id: JobID) -> Int { entries[id]?.notices.count ?? 0 }

    public func trajectory(of id: JobID, metric: String) -> [TrajectoryPoint] {
        points.filter { $0.jobID == id && $0.metric == metric }.sorted { $0.step < $1.step }
    }

    public func delete(_ id: JobID) throws -> [JobID] {
        if let error { throw error }
        guard let job = entries[id]?.job, job.state.isTerminal, unfinishedChildren(of: id) == 0 else { return [] }
        let gone = [id] + analyses(of: id).map(\.id)
        for id in gone {
            entries[id] = nil
            points.removeAll { $0.jobID == id }
            keys = keys.filter { $0.value.job != id }
        }
        for other in entries.values.map(\.job) where other.request.parentID == id {
            entries[other.id]?.job = orphan(other)
        }
        return gone
    }

    public func close() {}
}

extension MemoryJobStore {
    /// What claims are ordered by.
    private static func place(_ entry: Entry) -> (Int, Date, Int) {
        (entry.job.request.priority, entry.job.runAt, entry.sequence)
    }

    /// Whether the two wait in one line.
    private static func share(_ first: JobRequest, _ second: JobRequest) -> Bool {
        first.kind == second.kind && first.executor == second.executor
    }

    private func waiting(_ request: JobRequest) -> [Entry] {
        entries.values.filter {
            Self.share($0.job.request, request) && $0.job.state == .queued && !$0.job.isHeld
        }
    }

    private func analyses(of id: JobID) -> [Job] {
        entries.values.map(\.job).filter { $0.request.parentID == id && $0.request.kind == .analysis }
    }

    /// Nil where there is a job of this id.
    private func add(_ job: Job) -> Job? {
        guard entries[job.id] == nil else { return nil }
        let isOrphan = job.request.parentID.map { entries[$0] == nil } ?? false
        let job = isOrphan ? orphan(job) : job
        sequence += 1
        entries[job.id] = Entry(job: job, sequence: sequence)
        tell([JobChange.firstNotice(of: job)], of: job.id, at: job.createdAt)
        return job
    }

    private func orphan(_ job: Job) -> Job {
        var request = job.request
        request.parentID = nil
        return Job(id: job.id, request: request, createdAt: job.createdAt, status: job.status)
    }

    private func tell(_ notices: [JobNotice], of id: JobID, at date: Date) {
        for notice in notices {
            let number = (entries[id]?.notices.count ?? 0) + 1
            entries[id]?.notices.append(NumberedNotice(number: number, at: date, notice: notice))
        }
    }
}
