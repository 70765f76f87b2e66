import TestSupport
import Foundation
import Jobs
import Platform
import Runs
import ServiceTestSupport
import Testing

/// Workers as processes, with shell scripts for workers.
@Suite struct FolderExecutorTests {
    @Test func workerIsHeardToItsEnd() async throws {
        let fixture = try WorkerFixture(
            """
            state null
            tell '{"event": "progress", "step": 3, "steps": 9}'
            tell '{"event": "log", "message": "hello"}'
            echo said; echo complained >&2
            state '{"kind": "succeeded"}'
            """)
        let executor = fixture.executor(), job = try claimedJob()
        try await executor.start(job)
        let look = try await executor.end(of: job)
        #expect(look.life == .ended(.succeeded))
        #expect(look.report?.step == 3 && look.report?.totalSteps == 9 && look.report?.isAlive == false)
        #expect(look.findings.notices.map(\.kind) == [.progress, .log])
        #expect(look.beat == 7)
        #expect(fixture.text(job, "logs/worker.log") == "said\ncomplained\n")
    }

    @Test(arguments: [
        (#"{"kind": "stopped"}"#, WorkerLook.Outcome.stopped),
        (
            #"{"kind": "failed", "reason": "disk_full", "message": "no room"}"#,
            .failed(JobFailure(.diskFull, "no room"))
        ),
        (#"{"kind": "failed", "reason": "whim"}"#, .failed(JobFailure(.failed, "The worker did not say why."))),
    ]) func outcomeIsRead(text: String, outcome: WorkerLook.Outcome) async throws {
        let fixture = try WorkerFixture("state '\(text)'; exit 1")
        let executor = fixture.executor(), job = try claimedJob()
        try await executor.start(job)
        #expect(try await executor.end(of: job).life == .ended(outcome))
    }

    @Test(arguments: [("exit 3", "exit code 3"), ("kill -9 $$", "SIGKILL"), ("kill -6 $$", "signal 6")])
    func silentEndIsACrash(script: String, words: String) async throws {
        let fixture = try WorkerFixture("state null; " + script)
        let executor = fixture.executor(), job = try claimedJob()
        try await executor.start(job)
        guard case .ended(.crashed(let how)) = try await executor.end(of: job).life else {
            return #expect(Bool(false), "it crashed")
        }
        #expect(how.contains(words), "\(how)")
    }

    /// What an earlier worker said of its end is not this one's.
    @Test func lastWordOfAnotherAttemptDoesNotCount() async throws {
        let fixture = try WorkerFixture("[ $attempt = 1 ] && state '{\"kind\": \"succeeded\"}'; exit 4")
        let executor = fixture.executor(), first = try claimedJob()
        try await executor.start(first)
        #expect(try await executor.end(of: first).life == .ended(.succeeded))
        let second = try first.applying(.crashed("for the test"), at: Date())
            .applying(.claimed(owner: "test"), at: Date().addingTimeInterval(1))
        guard case .ended(.crashed) = await fixture.executor().look(at: second).life else {
            return #expect(Bool(false), "nobody works at the second attempt")
        }
        try await executor.start(second)
        guard case .ended(.crashed) = try await executor.end(of: second).life else {
            return #expect(Bool(false), "the second crashed")
        }
    }

    /// A server died between taking a job and starting its worker: not even a folder is there.
    @Test func workerThatNobodyStartedIsGone() async throws {
        let fixture = try WorkerFixture(""), job = try claimedJob()
        guard case .ended(.crashed) = await fixture.executor().look(at: job).life else {
            return #expect(Bool(false), "there is no worker")
        }
    }

    @Test func missingProgramIsToldAtOnce() async throws {
        let fixture = try WorkerFixture(""), job = try claimedJob()
        try FileManager.default.removeItem(atPath: fixture.script)
        await #expect(throws: (any Error).self) { try await fixture.executor().start(job) }
    }

    /// A worker that ignores every wish and every signal that can be ignored.
    @Test func stubbornWorkerIsKilled() async throws {
        let fixture = try WorkerFixture("trap '' TERM INT HUP; lock; state null; while :; do sleep 600; done")
        let executor = fixture.executor(), job = try claimedJob()
        try await executor.start(job)
        let process = try await eventually("the worker says who it is") { fixture.folder(job).state() }
        try await executor.ask(job, for: .cancel)
        #expect(fixture.folder(job).control() == JobFolder.Control(attempt: 1, wish: .cancel))
        await executor.kill(job)
        #expect(!ProcessStatus.runs(process.identifier, startTicks: process.startTicks))
        #expect(
            !ProcessStatus(identifier: process.identifier, startTicks: process.startTicks).hasLivingGroup)
        guard case .ended(.crashed) = try await executor.end(of: job).life else {
            return #expect(Bool(false), "it is gone")
        }
    }

    /// A later server finds the worker, hears it, and can end it.
    @Test func workerOutlivesItsServer() async throws {
        let fixture = try WorkerFixture(
            """
            lock; state null; tell '{"event": "log", "message": "one"}'
            while [ ! -e "$dir/go" ]; do sleep 0.01; done
            tell '{"event": "log", "message": "two"}'; state '{"kind": "succeeded"}'
            """)
        let job = try claimedJob()
        try await Task { try await fixture.executor().start(job) }.value
        _ = try await eventually("the worker says who it is") { fixture.folder(job).state() }
        let later = fixture.executor()
        #expect(await later.look(at: job).life == .running)
        _ = FileManager.default.createFile(atPath: fixture.folder(job).path + "/go", contents: nil)
        let look = try await later.end(of: job)
        #expect(look.life == .ended(.succeeded) && look.findings.notices.count == 2)
    }

    @Test func adoptedWorkerIsKilled() async throws {
        let fixture = try WorkerFixture("trap '' TERM; lock; state null; sleep 600 & while :; do sleep 600; done")
        let job = try claimedJob()
        try await fixture.executor().start(job)
        let process = try await eventually("the worker says who it is") { fixture.folder(job).state() }
        let later = fixture.executor()
        #expect(await later.look(at: job).life == .running)
        await later.kill(job)
        #expect(
            !ProcessStatus(identifier: process.identifier, startTicks: process.startTicks).hasLivingGroup)
        guard case .ended(.crashed(let how)) = await later.look(at: job).life else {
            return #expect(Bool(false), "it is gone")
        }
        #expect(how.contains("no server"))
    }

    /// Whoever asked for the start may be gone; the worker stays.
    @Test func cancelledStarterEndsNobody() async throws {
        let fixture = try WorkerFixture(
            "lock; state null; while [ ! -e \"$dir/go\" ]; do sleep 0.01; done; state '{\"kind\": \"succeeded\"}'")
        let executor = fixture.executor(), job = try claimedJob()
        let starter = Task { try await executor.start(job) }
        try await starter.value
        starter.cancel()
        _ = try await eventually("the worker says who it is") { fixture.folder(job).state() }
        #expect(await executor.look(at: job).life == .running)
        _ = FileManager.default.createFile(atPath: fixture.folder(job).path + "/go", contents: nil)
        #expect(try await executor.end(of: job).life == .ended(.succeeded))
    }

    /// A worker that held the server's sockets would keep its port.
    @Test func nothingIsInherited() async throws {
        let fixture = try WorkerFixture(
            "env > \"$dir/env\"; readlink /proc/$$/fd/* > \"$dir/fds\"; sed 's/.*) //' /proc/$$/stat | cut -d' ' -f3 > \"$dir/group\"; state null"
        )
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), file = open("/dev/zero", O_RDONLY)
        defer {
            close(listener)
            close(file)
        }
        let executor = fixture.executor(), job = try claimedJob()
        try await executor.start(job)
        _ = try await executor.end(of: job)
        let files = fixture.text(job, "fds")
        #expect(files.contains("/dev/null") && files.contains("worker.log"))
        #expect(!files.contains("socket:") && !files.contains("/dev/zero") && !files.contains("pipe:"))
        let names = Set(fixture.text(job, "env").split(separator: "\n").compactMap { $0.split(separator: "=").first })
        // Tokens and the like stay with the server.
        let known: Set<Substring> = [
            "PATH", "HOME", "TMPDIR", "LANG", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ONEDNN_MAX_CPU_ISA",
            "OPENBLAS_CORETYPE", "VITSCOPE_FAULT", "VITSCOPE_FAULT_ONCE", "PWD", "OLDPWD", "SHLVL", "_",
        ]
        #expect(names.contains("PATH") && names.isSubset(of: known), "\(names.subtracting(known))")
        let group = Int(fixture.text(job, "group").trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(group == fixture.folder(job).state()?.identifier)
    }

    /// A link in the folder goes; what it leads to stays.
    @Test func removedJobLeavesNothing() async throws {
        let fixture = try WorkerFixture("exit 0")
        let executor = fixture.executor(), job = try claimedJob(), path = fixture.folder(job).path
        try await executor.start(job)
        _ = try await executor.end(of: job)
        let treasure = fixture.path + "/treasure"
        try FileManager.default.createDirectory(atPath: treasure + "/deep", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: path + "/run", withDestinationPath: treasure)
        await executor.remove(job.id)
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(FileManager.default.fileExists(atPath: treasure + "/deep"))
        await executor.remove(job.id)
    }
}
