import Catalogue
import TestSupport
import Foundation
import Jobs
import JobsTestSupport
import JSON
import Platform
import Runs
import Service
import ServiceTestSupport
import Testing

/// Folders that the store does not know, and rows that are behind their folders.
@Suite struct FoundJobsTests {
    /// A service that starts no workers, on folders that `prepare` makes; its jobs as they are when it has looked once.
    private func start(
        _ store: MemoryJobStore = MemoryJobStore(), _ prepare: (String) async throws -> Void
    ) async throws -> (service: ViTScopeService, data: String) {
        let folder = NSTemporaryDirectory() + "vitscope-found-" + UUID().uuidString
        try Folder.create(folder + "/data/jobs")
        try await prepare(folder + "/data")
        let service = TestService.make(folder) { configuration in
            configuration.jobs.openStores = { _ in JobStores(jobs: store, results: store) }
            configuration.jobs.runner.slots = [:]
        }
        try await service.start()
        return (service, folder + "/data")
    }

    /// Writes what a server and a worker leave of a job.
    @discardableResult
    private func write(
        _ job: Job, in data: String, attempt: Int = 1, wish: WorkerWish? = nil, outcome: WorkerLook.Outcome? = nil,
        events: [String] = []
    ) throws -> JobFolder {
        let folder = JobFolder(job.id, in: data + "/jobs")
        try folder.write(JobSpec(job, dataDirectory: data, datasetsDirectory: nil))
        if attempt > 0 {
            try folder.write(JobFolder.Control(attempt: attempt, wish: wish))
            try folder.write(
                JobFolder.WorkerState(
                    identifier: 99_999_999, startTicks: 1, attempt: attempt, beat: 3, outcome: outcome))
        }
        try Folder.create(folder.run + "/checkpoints")
        try AtomicFile.write([7, 7, 7], to: folder.run + "/model.safetensors")
        try AtomicFile.write(Array(events.map { $0 + "\n" }.joined().utf8), to: folder.events)
        return folder
    }

    private static let config = #"{"method": "simmim", "name": "mine", "labels": {"team": "a"}}"#

    private func end(_ service: ViTScopeService, _ id: JobID) async throws -> JobInfo {
        try await eventually("the job is followed") {
            let job = try await service.job(id.text)
            return job.field["state"] == .string("running") ? nil : job
        }
    }

    @Test func finishedJobsAreListedAgainWithAllThatTheyTold() async throws {
        let done = try claimedJob(config: Self.config), failed = try claimedJob(config: Self.config)
        let (service, data) = try await start { data in
            try write(
                done, in: data, outcome: .succeeded,
                events: [
                    #"{"event": "metric", "line": 0, "step": 2, "epoch": 1, "loss": 0.5}"#,
                    #"{"event": "checkpoint", "step": 2, "path": "run/checkpoints/step-2.safetensors"}"#,
                    #"{"event": "snapshot", "step": 2, "epoch": 1, "path": "snapshots/step-2.safetensors"}"#,
                    #"{"event": "progress", "step": 2, "steps": 2, "fraction": 1}"#,
                ])
            try write(failed, in: data, outcome: .failed(JobFailure(.lossNotFinite, "It grew.")))
        }
        let job = try await end(service, done.id)
        #expect(job.state == "succeeded" && job.field["name"] == .string("mine"))
        #expect(job.field["method"] == .string("simmim") && job.field["labels"]?["team"] == .string("a"))
        #expect(job.field["checkpoint_step"] == .int(2) && job.field["metrics"]?["loss"]?["last"] == .double(0.5))
        let events = try await service.jobEvents(done.id.text, after: 0).events
        #expect(events.map(\.kind).contains("warning") && events.last?.kind == "end")
        let other = try await end(service, failed.id)
        #expect(other.field["failure"]?["reason"] == .string("loss_not_finite"))
        // What was looked at long ago is not asked for again.
        var filter = JobListFilter()
        filter.kind = "analysis"
        #expect(try await service.jobs(filter).items.isEmpty)
        #expect(service.warnings.contains { $0.contains("2 jobs had a folder and no row") }, "\(service.warnings)")
        #expect(service.warnings.contains { $0.contains("missing or empty") })
        for id in [done.id, failed.id] {
            #expect(Folder.exists("\(data)/jobs/\(id)/run/model.safetensors"))
        }
        await service.shutdown()
    }

    @Test func whatWasNotAtItsEndWaitsForAWord() async throws {
        let running = try claimedJob(), stopped = try claimedJob(), cancelled = try claimedJob(), new = try claimedJob()
        let (service, _) = try await start { data in
            try write(running, in: data)
            try write(stopped, in: data, wish: .stop, outcome: .stopped)
            try write(cancelled, in: data, wish: .cancel, outcome: .stopped)
            try write(new, in: data, attempt: 0)
        }
        for id in [running.id, stopped.id, new.id] {
            let job = try await end(service, id)
            #expect(job.state == "queued" && job.field["held"] == .bool(true), "\(job.field)")
        }
        #expect(try await end(service, cancelled.id).state == "cancelled")
        #expect(try await service.resumeJob(running.id.text).field["held"] == .bool(false))
        await service.shutdown()
    }

    /// Its worker outlived the server that lost the row.
    @Test func aWorkerThatLivesIsFollowed() async throws {
        let job = try claimedJob()
        var lock: LockFile?
        let (service, _) = try await start { data in
            let folder = try write(job, in: data)
            lock = try LockFile(folder.lock)
        }
        let found = try await service.job(job.id.text)
        #expect(found.state == "running" && found.field["pause_requested_at"] == .null)
        lock = nil
        #expect(try await end(service, job.id).state == "queued")
        _ = lock
        await service.shutdown()
    }

    @Test func whatNobodyUnderstandsIsSetAsideAndNotDeleted() async throws {
        let broken = JobID(at: Date()),
            orphan = try claimedJob(.analysis, config: Self.snapshot, parent: JobID(at: Date()))
        let (service, data) = try await start { data in
            try Folder.create("\(data)/jobs/\(broken)/run")
            try AtomicFile.write([1, 2, 3], to: "\(data)/jobs/\(broken)/run/model.safetensors")
            try write(orphan, in: data, outcome: .succeeded)
            try Folder.create(data + "/jobs/somebody's own")
        }
        #expect(try MappedFile.open("\(data)/set-aside/jobs/\(broken)/run/model.safetensors").array == [1, 2, 3])
        #expect(Folder.exists("\(data)/set-aside/jobs/\(orphan.id)/spec.json"))
        #expect(Folder.exists(data + "/jobs/somebody's own"))
        #expect(service.warnings.contains { $0.contains("set-aside/jobs/\(broken)") })
        #expect(service.warnings.everyOne { !$0.contains(data) }, "no path of the machine")
        await service.shutdown()
        let again = TestService.make(String(data.dropLast(5))) {
            $0.jobs.openStores = { _ in
                let store = MemoryJobStore()
                return JobStores(jobs: store, results: store)
            }
        }
        try await again.start()
        #expect(again.warnings.contains { $0.hasPrefix("set-aside in the data directory holds") })
        await again.shutdown()
    }

    private static let snapshot =
        #"{"model": "snapshots/step-2.safetensors", "step": 2, "epoch": 1, "probe_set": "p", "metrics": ["attention-nmi"]}"#

    @Test func analysesComeBackToTheirTraining() async throws {
        let parent = try claimedJob(config: Self.config)
        let child = try claimedJob(.analysis, config: Self.snapshot, parent: parent.id)
        let waiting = try claimedJob(.analysis, config: Self.snapshot, parent: parent.id)
        let (service, data) = try await start { data in
            try write(parent, in: data, outcome: .succeeded)
            try write(
                child, in: data, outcome: .succeeded,
                events: [
                    #"{"event": "analysis", "metric": "attention-nmi", "step": 2, "epoch": 1, "layers": [1], "values": [0.3]}"#
                ])
            try write(waiting, in: data)
        }
        let job = try await end(service, parent.id)
        #expect(job.state == "succeeded")
        #expect(try await service.job(child.id.text).field["parent_id"] == .string(parent.id.text))
        #expect(try await service.jobTrajectory(parent.id.text, metric: "attention-nmi")["steps"] == .list([.int(2)]))
        #expect(Folder.exists("\(data)/set-aside/jobs/\(waiting.id)"))
        await service.shutdown()
    }

    @Test func aRowThatIsBehindItsFolderCatchesUp() async throws {
        let store = MemoryJobStore(), date = Date()
        let request = JobRequest(kind: .training, method: "simmim", body: #"{"config": {}, "threads": 1}"#)
        let behind = Job(id: JobID(at: date), request: request, at: date)
        let idle = Job(id: JobID(at: date), request: request, at: date)
        for job in [behind, idle] { _ = try await store.submit(job, key: nil, limit: 9) }
        let (service, _) = try await start(store) { data in
            try write(behind, in: data, attempt: 2, outcome: .succeeded)
            try write(idle, in: data, attempt: 1, wish: .stop, outcome: .stopped)
        }
        let job = try await end(service, behind.id)
        #expect(job.state == "succeeded" && job.field["attempt"] == .int(2))
        let other = try await service.job(idle.id.text)
        #expect(other.state == "queued" && other.field["held"] == .bool(false), "a stop leaves the row where it was")
        #expect(service.warnings.contains { $0.contains("1 job was further than the database") })
        await service.shutdown()
    }

    @Test func whatAUserHasDeletedStaysDeleted() async throws {
        let gone = try claimedJob(), kept = try claimedJob()
        let store = MemoryJobStore()
        _ = try await store.submit(Job(id: kept.id, request: kept.request, at: Date()), key: nil, limit: 9)
        let (service, data) = try await start(store) { data in
            // The process ended between the row and the folder, and before the row.
            for job in [gone, kept] { try write(job, in: data, outcome: .succeeded).markRemoved() }
        }
        #expect(!Folder.exists("\(data)/jobs/\(gone.id)"))
        #expect(!JobFolder(kept.id, in: data + "/jobs").isMarkedRemoved)
        #expect(try await end(service, kept.id).state == "succeeded")
        try await service.deleteJob(kept.id.text)
        #expect(!Folder.exists("\(data)/jobs/\(kept.id)"))
        await service.shutdown()
    }
}
