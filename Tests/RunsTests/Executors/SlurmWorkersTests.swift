import Foundation
import Jobs
import Platform
import Runs
import ServiceTestSupport
import TestSupport
import Testing

/// Workers on a cluster whose commands are shell scripts; `make test-slurm` asks a real one.
@Suite struct SlurmWorkersTests {
    private static let config =
        #"{"method": "simmim", "arch": "vit_tiny_patch16_224", "dataset": "shapes-textures", "epochs": 1, "#
        + #""resources": {"executor": "slurm", "partition": "usual", "time_limit": "2:00:00", "options": {"qos": "low"}}}"#

    private static func job(config: String = config) throws -> Job {
        let job = try claimedJob(config: config)
        var request = job.request
        request.executor = .slurm
        return Job(id: job.id, request: request, createdAt: job.createdAt, status: job.status)
    }

    private static func executor(_ fixture: WorkerFixture, _ slurm: FakeSlurm) -> FolderExecutor {
        FolderExecutor(
            jobsFolder: fixture.path + "/jobs", dataDirectory: fixture.path, datasetsDirectory: nil,
            program: fixture.script, slurm: slurm.settings(shared: fixture.path + "/shared"))
    }

    @Test func workerRunsInTheSharedFolder() async throws {
        let fixture = try WorkerFixture(
            "lock; state null; tell '{\"event\": \"progress\", \"step\": 3, \"steps\": 9}'; state '{\"kind\": \"succeeded\"}'"
        )
        let slurm = try FakeSlurm(in: fixture.path), job = try Self.job()
        let executor = Self.executor(fixture, slurm)
        try await executor.accept(job)
        try await executor.start(job)
        var steps: [Int?] = []
        let look = try await eventually("the worker ends") {
            let look = await executor.look(at: job)
            steps.append(look.report?.step)
            if case .ended = look.life { return look }
            return nil
        }
        #expect(look.life == .ended(.succeeded) && steps.contains(3))
        let arguments = slurm.text("jobs/1/arguments").split(separator: "\n").map(String.init)
        let shared = "\(fixture.path)/shared/\(job.id)"
        for wanted in [
            "--parsable", "--chdir=\(shared)", "--output=\(shared)/logs/worker.log", "--open-mode=append", "--requeue",
            "--cpus-per-task=1", "--signal=B:USR1@90", "--time=120:0", "--partition=usual", "--qos=low",
            "\(shared)/slurm.sh",
        ] { #expect(arguments.contains(wanted), "\(wanted)") }
        #expect(Folder.destination(ofLink: "\(fixture.path)/jobs/\(job.id)") == shared)
        // Who has ended by itself is not cancelled.
        await executor.kill(job)
        #expect(slurm.text("cancelled").isEmpty)
        await executor.remove(job.id)
        #expect(!Folder.exists(shared) && Folder.destination(ofLink: "\(fixture.path)/jobs/\(job.id)") == nil)
    }

    /// Ranks are started by srun(1) inside of what sbatch(1) is given.
    @Test func ranksAreTasks() async throws {
        let fixture = try WorkerFixture("lock; state null; state '{\"kind\": \"succeeded\"}'")
        let slurm = try FakeSlurm(in: fixture.path)
        let job = try Self.job(
            config: Self.config.replacing(#""slurm","#, with: #""slurm", "ranks": 4, "nodes": 2, "#))
        let executor = Self.executor(fixture, slurm)
        try slurm.set("full")
        try await executor.accept(job)
        try await executor.start(job)
        let arguments = try await eventually("it is taken") {
            _ = await executor.look(at: job)
            let text = slurm.text("jobs/1/arguments")
            return text.isEmpty ? nil : text
        }
        #expect(arguments.contains("--nodes=2\n--ntasks=4\n"), "\(arguments)")
        let script = fixture.text(job, "slurm.sh")
        #expect(script.contains("exec srun --mpi=pmix --kill-on-bad-exit=1 '"), "\(script)")
    }

    @Test func silentEndIsACrash() async throws {
        let fixture = try WorkerFixture("state null; kill -9 $$"), slurm = try FakeSlurm(in: fixture.path)
        let job = try Self.job(), executor = Self.executor(fixture, slurm)
        try await executor.start(job)
        guard case .ended(.crashed(let how)) = try await executor.end(of: job).life else {
            return #expect(Bool(false), "it crashed")
        }
        #expect(how.contains("Slurm's job 1"))
    }

    /// However long the scheduler is away, the job waits; and what it took without saying so is not submitted again.
    @Test func silentSchedulerIsWaitedFor() async throws {
        let fixture = try WorkerFixture("state '{\"kind\": \"succeeded\"}'"), slurm = try FakeSlurm(in: fixture.path)
        let job = try Self.job(), executor = Self.executor(fixture, slurm)
        try slurm.set("silent")
        try await executor.start(job)
        var beats: Set<Int> = []
        _ = try await eventually("signs without a scheduler") {
            let look = await executor.look(at: job)
            #expect(look.life == .running)
            beats.insert(look.beat)
            return beats.count > 20 ? true : nil
        }
        #expect(slurm.count == 0)
        try slurm.set("deaf")
        try slurm.clear("silent")
        #expect(try await executor.end(of: job).life == .ended(.succeeded))
        #expect(slurm.count == 1)
    }

    @Test func refusalIsTold() async throws {
        let fixture = try WorkerFixture(""), slurm = try FakeSlurm(in: fixture.path)
        let job = try Self.job(), executor = Self.executor(fixture, slurm)
        try slurm.set("refusal", "sbatch: error: invalid partition specified: usual\n")
        try await executor.start(job)
        #expect(
            try await executor.end(of: job).life
                == .ended(
                    .failed(JobFailure(.configuration, "Slurm refuses the job: invalid partition specified: usual"))))
    }

    /// What waits on the cluster is taken back, and has not crashed.
    @Test(arguments: [WorkerWish.cancel, .stop]) func whatHasNotBegunIsTakenBack(wish: WorkerWish) async throws {
        let fixture = try WorkerFixture(""), slurm = try FakeSlurm(in: fixture.path)
        let job = try Self.job(), executor = Self.executor(fixture, slurm)
        try slurm.set("full")
        try await executor.start(job)
        _ = try await eventually("it is taken") { slurm.count == 1 ? true : nil }
        try await executor.ask(job, for: wish)
        #expect(try await executor.end(of: job).life == .ended(.stopped))
        #expect(slurm.text("cancelled") == "1\n")
    }

    /// Another server finds what the scheduler has by its name, also where the number was never heard.
    @Test func laterServerFindsTheJob() async throws {
        let fixture = try WorkerFixture(
            "lock; state null; while [ ! -e \"$dir/go\" ]; do sleep 0.01; done; state '{\"kind\": \"succeeded\"}'")
        let slurm = try FakeSlurm(in: fixture.path), job = try Self.job()
        try await Self.executor(fixture, slurm).start(job)
        _ = try await eventually("the worker says who it is") { fixture.folder(job).state() }
        let ticket = try #require(fixture.folder(job).ticket())
        try fixture.folder(job).write(JobFolder.SlurmTicket(attempt: ticket.attempt, name: ticket.name))
        let later = Self.executor(fixture, slurm)
        #expect(await later.look(at: job).life == .running)
        _ = FileManager.default.createFile(atPath: fixture.folder(job).path + "/go", contents: nil)
        #expect(try await later.end(of: job).life == .ended(.succeeded))
        #expect(slurm.count == 1)
    }

    /// A cluster that requeues by itself is believed; what the worker said before counts on.
    @Test func requeueIsWaitedFor() async throws {
        let fixture = try WorkerFixture("state null; exit 0"), slurm = try FakeSlurm(in: fixture.path)
        let job = try Self.job()
        var settings = slurm.settings(shared: fixture.path + "/shared")
        // Long enough for the test to say what the scheduler does next.
        settings.settling = .seconds(600)
        let executor = FolderExecutor(
            jobsFolder: fixture.path + "/jobs", dataDirectory: fixture.path, datasetsDirectory: nil,
            program: fixture.script, slurm: settings)
        try await executor.start(job)
        _ = try await eventually("it is over") { slurm.text("jobs/1/state") == "COMPLETED\n" ? true : nil }
        try slurm.set("jobs/1/state", "PENDING\n")
        var told: [String] = []
        _ = try await eventually("it waits") {
            let look = await executor.look(at: job)
            #expect(look.life == .running)
            told += look.findings.notices.map(\.data)
            return told.contains { $0.contains("PENDING") } ? true : nil
        }
        let state = try #require(fixture.folder(job).state())
        try fixture.folder(job).write(
            JobFolder.WorkerState(
                identifier: state.identifier, startTicks: state.startTicks, attempt: 1, beat: 9, outcome: .stopped))
        #expect(try await executor.end(of: job).life == .ended(.stopped))
    }

    /// A job for a cluster that this server does not have waits.
    @Test func serverWithoutAClusterConcludesNothing() async throws {
        let fixture = try WorkerFixture(""), job = try Self.job()
        await #expect(throws: (any Error).self) { try await fixture.executor().start(job) }
        #expect(await fixture.executor().look(at: job).life == .running)
    }
}
