import FoundationEssentials
import Jobs
import Logging
import Platform

/// Brings the store and the folders of jobs together when the server begins.
///
/// A folder has what a job was asked and what became of it, weights and all, so it outlives its row: where the database
/// was lost, damaged, or replaced by an older one, jobs are found again by their folders. Nothing is deleted but what a
/// user had deleted before; what cannot be understood is set aside.
struct FoundJobs: Sendable {
    let store: any JobStore
    let executor: any Executor
    /// The path of the folder that holds all jobs' folders.
    let folder: String
    let setAside: SetAsideFolder
    let owner: String
    let now: @Sendable () -> Date
    let logger: Logger

    /// Looks at every folder, and at every job that is not at its end.
    ///
    /// - Returns: what whoever runs the server should know, in sentences.
    func bringTogether() async throws -> [String] {
        var found: [JobID] = [], aside: [String] = []
        // Ids sort by time, so that who repeats a job comes after it; who looks at one comes after all of them.
        let ids = try Folder.entries(folder).filter(\.isFolder).compactMap { JobID($0.name) }
        let looks = try await Set(
            lost(ids).filter { (try? JobFolder($0, in: folder).spec())?.work.jobKind == .analysis })
        for id in ids.filter({ !looks.contains($0) }) + ids.filter(looks.contains) {
            let place = JobFolder(id, in: folder)
            if try await store.job(id) != nil {
                // A deletion that was begun and not answered did not happen.
                if place.isMarkedRemoved { try place.unmarkRemoved() }
            } else if place.isMarkedRemoved {
                logger.info("the folder of a deleted job goes", metadata: ["job": "\(id)"])
                await executor.remove(id)
            } else if try await takeIn(id, place) {
                found.append(id)
            } else {
                aside.append(try setAside.take(place.path, as: "jobs/\(id)"))
            }
        }
        let behind = try await catchUp(except: Set(found))
        var warnings: [String] = []
        if !found.isEmpty {
            warnings.append(
                "\(found.count) job\(found.count == 1 ? "" : "s") had a folder and no row in the database of the queue, "
                    + "and \(found.count == 1 ? "is" : "are") listed again; what was not at its end waits, paused, until "
                    + "somebody resumes it: \(Self.list(found.map(\.text))).")
        }
        if !behind.isEmpty {
            warnings.append(
                "\(behind.count) job\(behind.count == 1 ? " was" : "s were") further than the database of the queue says, "
                    + "and \(behind.count == 1 ? "has" : "have") caught up: \(Self.list(behind.map(\.text))).")
        }
        if !aside.isEmpty {
            warnings.append(
                "\(aside.count) folder\(aside.count == 1 ? "" : "s") in jobs had no row in the database of the queue and "
                    + "did not say what was to be done; nothing of \(aside.count == 1 ? "it" : "them") is deleted: "
                    + "\(Self.list(aside)).")
        }
        return warnings
    }

    private func lost(_ ids: [JobID]) async throws -> [JobID] {
        var lost: [JobID] = []
        for id in ids where try await store.job(id) == nil { lost.append(id) }
        return lost
    }

    /// Makes a folder a job again.
    ///
    /// - Returns: false for a folder that says nothing of a job, or that nobody needs any more.
    private func takeIn(_ id: JobID, _ place: JobFolder) async throws -> Bool {
        guard let spec = try? place.spec(), spec.id == id, let request = try? spec.request() else { return false }
        let isAlive = place.isLocked, attempt = place.attempt
        let isOver = place.outcome.map { $0 != .stopped } ?? false
        switch spec.work {
        case .training, .question: break
        case .snapshot, .shard:
            // Who trains asks again for what was not looked at yet, and without it nobody does. What a shard lacks, the job
            // that it is a part of computes.
            guard isOver, let parent = spec.parentID, try await store.job(parent) != nil else { return false }
        }
        let job = Job(id: id, request: request, at: id.date)
        guard case .accepted(let new) = try await store.submit(job, key: nil, limit: .max) else { return false }
        guard attempt > 0 else {
            try await change(new, .pauseRequested)
            return true
        }
        let running = try await change(
            new, .found(owner: owner, attempt: attempt),
            telling: [
                .warning(
                    "found_again",
                    "The database of the queue had no row of this job, which was found again by its folder. Times before "
                        + "this one, its priority and its idempotency key are not known any more.")
            ])
        // What the server wanted last still counts. Who lives goes on; who was on the way waits for a word.
        if place.control()?.wish == .cancel {
            try await change(running, .cancelRequested)
        } else if !isAlive, !isOver {
            try await change(running, .pauseRequested)
        }
        return true
    }

    /// Brings rows up to their folders: an older database does not know of later starts and ends.
    private func catchUp(except known: Set<JobID>) async throws -> [JobID] {
        var filter = JobFilter(), behind: [JobID] = []
        filter.states = [.queued, .running]
        for job in try await store.jobs(filter, before: nil, limit: .max) where !known.contains(job.id) {
            let place = JobFolder(job.id, in: folder)
            guard Folder.exists(place.path) else { continue }
            let attempt = place.attempt
            let isBehind: Bool
            switch place.outcome {
            case .succeeded?, .failed?: isBehind = attempt > job.attempt
            case .divided?, .stopped?, .crashed?, nil:
                // After a stop the start that was stopped does not count, so its number alone says nothing.
                isBehind = job.state == .queued ? place.isLocked : attempt > job.attempt
            }
            guard isBehind else { continue }
            try await change(
                job, .found(owner: owner, attempt: attempt),
                telling: [
                    .warning(
                        "caught_up",
                        "The database of the queue was older than the job's folder, which tells what became of it.")
                ])
            behind.append(job.id)
        }
        return behind
    }

    @discardableResult
    private func change(_ job: Job, _ event: JobEvent, telling notices: [JobNotice] = []) async throws -> Job {
        var findings = WorkerFindings()
        findings.notices = notices
        let change = try JobChange(job, event, at: now(), findings: findings)
        guard try await store.commit(change) else {
            throw JobStoreError.failed("the job \(job.id) changed while the server was starting")
        }
        return change.after
    }

    /// The first of many.
    private static func list(_ names: [String]) -> String {
        names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
    }
}
