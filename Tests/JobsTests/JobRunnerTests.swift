import Foundation
import Jobs
import JobsTestSupport
import Synchronization
import Testing

@Suite struct JobRunnerTests {
    let store = MemoryJobStore()
    let executor = ScriptedExecutor()

    /// Nothing is late by itself; a test that wants it late says so.
    private func runner(
        owner: String = "me", _ edit: (inout JobRunner.Settings) -> Void = { _ in },
        instant: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) -> JobRunner {
        var settings = JobRunner.Settings()
        settings.interval = .zero
        settings.silence = .seconds(1_000_000)
        settings.patience = .seconds(1_000_000)
        edit(&settings)
        return JobRunner(
            store: store, executor: executor, settings: settings, owner: owner, now: { JobSamples.date(1e6) },
            instant: instant)
    }

    private func submit(_ request: JobRequest = JobSamples.request(), at seconds: Double = 0) async throws -> JobID {
        let job = JobSamples.job(request, at: JobSamples.date(seconds))
        _ = try await store.submit(job, key: nil, limit: .max)
        return job.id
    }

    private func state(_ id: JobID) async throws -> JobState { try #require(await store.job(id)).state }

    private func isSound() async throws {
        let ids = await store.jobs(JobFilter(), before: nil, limit: .max).map(\.id)
        #expect(try await JobHistory.problems(in: store, submitted: ids) == [])
    }

    @Test func jobRunsToItsEnd() async throws {
        let (first, second) = (try await submit(), try await submit(at: 1))
        let runner = runner()
        var look = WorkerLook(life: .running)
        look.report = JobSamples.report(step: 4, checkpoint: 4)
        look.findings.notices = [.log("hello")]
        await executor.script(first, [look, WorkerLook(life: .ended(.succeeded))])
        await runner.look()
        #expect(try await state(first) == .running)
        #expect(try await state(second) == .queued)
        await runner.look()
        let job = try #require(await store.job(first))
        #expect(job.step == 4 && job.checkpointStep == 4 && job.metrics.first?.key == "loss")
        await runner.look()
        #expect(try await state(first) == .succeeded)
        #expect(try await state(second) == .running)
        let kinds = await store.notices(of: first, after: 0, limit: .max).map(\.notice.kind)
        #expect(kinds == [.state, .state, .log, .state, .end])
        try await isSound()
    }

    @Test func everyWishIsPassedOnce() async throws {
        let id = try await submit()
        let runner = runner()
        await runner.look()
        #expect(try await runner.request(.pauseRequested, of: id)?.pauseRequestedAt != nil)
        for _ in 0..<3 { await runner.look() }
        #expect(await executor.count("ask stop") == 1)
        await executor.script(id, .ended(.stopped))
        await runner.look()
        let paused = try #require(await store.job(id))
        #expect(paused.state == .queued && paused.isHeld && paused.attempt == 0)
        _ = try await runner.request(.resumeRequested, of: id)
        await executor.script(id, .running)
        await runner.look()
        _ = try await runner.request(.finishRequested(reason: "enough"), of: id)
        _ = try await runner.request(.cancelRequested, of: id)
        _ = try await runner.request(.cancelRequested, of: id)
        for _ in 0..<3 { await runner.look() }
        #expect(await executor.count("ask finish") == 1)
        #expect(await executor.count("ask cancel") == 1)
        await executor.script(id, .ended(.succeeded))
        await runner.look()
        #expect(try await state(id) == .cancelled)
        await #expect(throws: JobRefusal.self) { try await runner.request(.cancelRequested, of: id) }
        #expect(try await runner.request(.cancelRequested, of: JobID(at: .now)) == nil)
        try await isSound()
    }

    @Test func runIsContentByItsOwnRules() async throws {
        let id = try await submit()
        let runner = runner()
        var look = WorkerLook(life: .running)
        look.finishReason = "loss below 1"
        await executor.script(id, [look])
        await executor.obey(.finish, with: .succeeded)
        for _ in 0..<3 { await runner.look() }
        #expect(try await state(id) == .succeeded)
        #expect(await store.job(id)?.finishReason == "loss below 1")
        try await isSound()
    }

    @Test func disobedientWorkerIsKilled() async throws {
        let id = try await submit()
        let runner = runner { $0.patience = .zero }
        await runner.look()
        _ = try await runner.request(.cancelRequested, of: id)
        for _ in 0..<2 { await runner.look() }
        #expect(await executor.count("kill") >= 1)
        #expect(try await state(id) == .cancelled)
        try await isSound()
    }

    @Test func silentWorkerIsKilledBeforeItsJobIsQueued() async throws {
        let id = try await submit()
        let runner = runner { $0.silence = .zero }
        await executor.fallSilent()
        await runner.look()
        await runner.look()
        while try await state(id) == .running, await executor.count("start") == 1 { await runner.look() }
        let calls = await executor.calls
        let kill = try #require(calls.firstIndex(of: "kill"))
        #expect(calls.prefix(kill).count { $0 == "start" } == 1)
        #expect(await store.job(id)?.crashes == 1)
        try await isSound()
    }

    /// Who sleeps with the machine is not silent, and silence is still noticed afterwards.
    @Test func nobodyIsSilentWhileNobodyWatches() async throws {
        let id = try await submit()
        let seconds = Mutex(0.0), start = ContinuousClock.now
        let runner = runner(
            { $0.silence = .seconds(30) }, instant: { start + .seconds(seconds.withLock { $0 }) })
        await executor.fallSilent()
        for _ in 0..<5 {
            await runner.look()
            seconds.withLock { $0 += 600 }
        }
        await runner.look()
        #expect(await runner.stalled.isEmpty)
        #expect(try await state(id) == .running)
        #expect(await executor.count("kill") == 0)
        for _ in 0..<40 where try await state(id) == .running {
            seconds.withLock { $0 += 1 }
            await runner.look()
        }
        #expect(await executor.count("kill") >= 1)
        try await isSound()
    }

    /// On a full disk a wish cannot be written down; it is when there is room.
    @Test func whatWasNotToldIsToldAgain() async throws {
        let id = try await submit()
        let runner = runner()
        await runner.look()
        await executor.failToAsk(.diskFull)
        _ = try await runner.request(.pauseRequested, of: id)
        for _ in 0..<3 { await runner.look() }
        await executor.failToAsk(nil)
        await executor.obey(.stop, with: .stopped)
        for _ in 0..<3 { await runner.look() }
        #expect(await store.job(id)?.isHeld == true)
        #expect(await executor.count("ask stop") == 5)
        try await isSound()
    }

    @Test func aFullDiskIsNoCrash() async throws {
        let id = try await submit()
        await executor.failToStart(.diskFull)
        let runner = runner()
        await runner.look()
        let job = try #require(await store.job(id))
        #expect(job.state == .queued && job.crashes == 0 && job.retries == 1 && job.runAt > JobSamples.date(1e6))
        try await isSound()
    }

    @Test func whatCannotBeStartedIsPoisonInTheEnd() async throws {
        let id = try await submit()
        await executor.failToStart(.failed("no"))
        let runner = runner()
        await runner.look()
        // The second time comes at once, the third after a wait.
        let job = try #require(await store.job(id))
        #expect(job.state == .queued && job.crashes == 2 && job.runAt > JobSamples.date(1e6))
        #expect(await executor.count("start") == 2)
        #expect(await runner.stalled.isEmpty)
        try await isSound()
    }

    @Test func drainStopsWorkersAndStartsNone() async throws {
        let (first, second) = (try await submit(), try await submit(at: 1))
        let runner = runner()
        await runner.look()
        await executor.obey(.stop, with: .stopped)
        await runner.drain(within: .seconds(1_000_000))
        for id in [first, second] { #expect(await store.job(id)?.attempt == 0) }
        #expect(await store.count(.training, .queued) == 2)
        #expect(await executor.count("kill") == 1)
        #expect(await executor.count("start") == 1)
        // Its place is the one it had.
        #expect(try await store.claim(.training, for: .local, owner: "next", at: JobSamples.date(1e6))?.id == first)
        try await isSound()
    }

    @Test func drainKillsWhoDoesNotStop() async throws {
        let id = try await submit()
        let runner = runner()
        await runner.look()
        await runner.drain(within: .zero)
        let job = try #require(await store.job(id))
        #expect(job.state == .queued && job.crashes == 0 && job.attempt == 0)
        try await isSound()
    }

    @Test func recoveryFollowsTheLivingAndQueuesTheRest() async throws {
        let (alive, gone, done) = (try await submit(), try await submit(at: 1), try await submit(at: 2))
        for _ in 0..<3 { _ = try await store.claim(.training, for: .local, owner: "old", at: JobSamples.date(9)) }
        await executor.script(alive, .running)
        await executor.script(gone, .ended(.crashed("it is gone")))
        await executor.script(done, .ended(.succeeded))
        let runner = runner(owner: "new")
        try await runner.recover()
        #expect(await store.job(alive)?.leaseOwner == "new")
        #expect(await store.job(alive)?.attempt == 1)
        #expect(await store.job(gone)?.crashes == 1)
        #expect(try await state(gone) == .queued)
        #expect(try await state(done) == .succeeded)
        try await isSound()
    }

    @Test func oldRunnerFindsItselfFenced() async throws {
        let id = try await submit()
        let old = runner(owner: "old")
        await old.look()
        try await runner(owner: "new").recover()
        var look = WorkerLook(life: .ended(.failed(JobFailure(.failed, "old news"))))
        look.report = JobSamples.report(step: 9)
        await executor.script(id, [look])
        await old.look()
        let job = try #require(await store.job(id))
        #expect(job.state == .running && job.leaseOwner == "new" && job.step == 0)
        try await isSound()
    }

    @Test func parentWaitsForItsAnalyses() async throws {
        let parent = try await submit()
        let runner = runner()
        var look = WorkerLook(life: .ended(.succeeded))
        look.report = JobSamples.report(step: 5)
        look.findings.children = [JobSamples.request(.analysis, parent: parent)]
        await runner.look()
        await executor.script(parent, [look])
        await runner.look()
        await runner.look()
        #expect(try await state(parent) == .running)
        var filter = JobFilter()
        filter.parentID = parent
        let child = try #require(await store.jobs(filter, before: nil, limit: 1).first)
        #expect(child.state == .running)
        await executor.script(child.id, .ended(.succeeded))
        for _ in 0..<2 { await runner.look() }
        #expect(try await state(child.id) == .succeeded)
        #expect(try await state(parent) == .succeeded)
        try await isSound()
    }

    @Test func endOfAParentCancelsItsAnalyses() async throws {
        let parent = try await submit()
        let child = try await submit(JobSamples.request(.analysis, parent: parent))
        let runner = runner { $0.slots = [.training: 0] }
        _ = try await runner.request(.cancelRequested, of: parent)
        #expect(try await state(parent) == .cancelled)
        #expect(try await state(child) == .cancelled)
        try await isSound()
    }

    /// While the disk is full nothing is lost, and nothing is started twice.
    @Test func fullDiskIsOutlived() async throws {
        let id = try await submit()
        let runner = runner()
        await runner.look()
        await executor.script(id, .ended(.succeeded))
        await store.refuse(with: .diskFull)
        for _ in 0..<3 { await runner.look() }
        #expect(try await state(id) == .running)
        await store.refuse(with: nil)
        await runner.look()
        #expect(try await state(id) == .succeeded)
        #expect(await executor.count("start") == 1)
        try await isSound()
    }

    @Test func twoRunnersNeverOwnOneJob() async throws {
        for number in 0..<50 { _ = try await submit(at: Double(number)) }
        let runners = [
            runner(owner: "a") { $0.slots = [.training: 30] }, runner(owner: "b") { $0.slots = [.training: 30] },
        ]
        await withTaskGroup(of: Void.self) { group in
            for runner in runners { group.addTask { await runner.look() } }
        }
        #expect(await store.count(.training, .running) == 50)
        #expect(await executor.count("start") == 50)
        try await isSound()
    }
}
