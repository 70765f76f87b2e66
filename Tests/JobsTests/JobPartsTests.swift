import Foundation
import Jobs
import JobsTestSupport
import TestSupport
import Testing

/// Jobs whose work is cut into jobs of their own.
@Suite struct JobPartsTests {
    private let store = MemoryJobStore()
    private let executor = ScriptedExecutor()

    private func runner(owner: String = "me") -> JobRunner {
        var settings = JobRunner.Settings()
        settings.interval = .zero
        settings.slots[.analysis] = 2
        settings.silence = .seconds(1_000_000)
        return JobRunner(
            store: store, executor: executor, settings: settings, owner: owner, now: { JobSamples.date(1e6) })
    }

    private func job(_ id: JobID) async throws -> Job { try #require(await store.job(id)) }

    private func parts(of id: JobID) async -> [Job] {
        var filter = JobFilter()
        filter.parentID = id
        return await store.jobs(filter, before: nil, limit: .max)
    }

    /// A job that has divided itself into three, two of which run.
    private func divided(_ runner: JobRunner) async throws -> (whole: JobID, parts: [JobID]) {
        let whole = JobSamples.job(JobSamples.request(.analysis), at: JobSamples.date(0))
        _ = try await store.submit(whole, key: nil, limit: .max)
        var look = WorkerLook(life: .ended(.divided))
        look.report = JobReport(offset: 10)
        look.report?.step = 0
        look.report?.totalSteps = 30
        look.findings.children = (0..<3).map { _ in JobSamples.request(.analysis, parent: whole.id) }
        await executor.script(whole.id, [look])
        for _ in 0..<3 { await runner.look() }
        let parts = await parts(of: whole.id)
        #expect(parts.count == 3)
        #expect(parts.count { $0.state == .running } == 2)
        #expect(try await job(whole.id).state == .running)
        return (whole.id, parts.map(\.id))
    }

    private func running(of whole: JobID) async -> [JobID] {
        await parts(of: whole).filter { $0.state == .running }.map(\.id)
    }

    @Test func partsAreDoneBeforeTheWholeIsPutTogether() async throws {
        let runner = runner(), (whole, parts) = try await divided(runner)
        let starts = await executor.count("start")
        var look = WorkerLook(life: .running)
        look.report = JobReport(offset: 5)
        look.report?.step = 7
        look.report?.totalSteps = 10
        await executor.script(try #require(await running(of: whole).first), [look, WorkerLook(life: .running)])
        for _ in 0..<2 { await runner.look() }
        // Each part that ends makes room for the next.
        for _ in 1...3 {
            let part = try #require(await running(of: whole).first)
            look = WorkerLook(life: .ended(.succeeded))
            look.report = JobReport(offset: 9)
            look.report?.step = 10
            look.report?.totalSteps = 10
            await executor.script(part, [look])
            for _ in 0..<2 { await runner.look() }
        }
        await executor.script(whole, .running)
        // The worker of the whole, and that of the last part.
        #expect(await executor.count("start") == starts + 2)
        let merging = try await job(whole)
        #expect(merging.state == .running && merging.attempt == 1 && merging.step == 30 && merging.totalSteps == 30)
        #expect(merging.progress?.contains("30 of 30 images, 3 of 3 shards are done") == true)
        await executor.script(whole, .ended(.succeeded))
        await runner.look()
        #expect(try await job(whole).state == .succeeded)
        #expect(await store.notices(of: whole, after: 0, limit: .max).contains { $0.notice.kind == .progress })
        #expect(try await JobHistory.problems(in: store, submitted: [whole] + parts) == [])
    }

    @Test func cancelEndsAllParts() async throws {
        let runner = runner(), (whole, parts) = try await divided(runner)
        await executor.obey(.cancel, with: .stopped)
        _ = try await runner.request(.cancelRequested, of: whole)
        for _ in 0..<4 { await runner.look() }
        #expect(try await job(whole).state == .cancelled)
        for part in parts { #expect(try await job(part).state == .cancelled) }
    }

    @Test func partThatFailsEndsTheWholeAndTheOthers() async throws {
        let runner = runner(), (whole, parts) = try await divided(runner)
        await executor.obey(.cancel, with: .stopped)
        let first = try #require(await running(of: whole).first)
        await executor.script(first, .ended(.failed(JobFailure(.badData, "An image has changed."))))
        for _ in 0..<4 { await runner.look() }
        let failed = try await job(whole)
        #expect(failed.state == .failed && failed.failure?.reason == .badData)
        #expect(failed.failure?.message.contains("An image has changed.") == true)
        for part in parts where part != first { #expect(try await job(part).state == .cancelled) }
    }

    @Test func partThatIsLostIsDoneAgain() async throws {
        let runner = runner(), (whole, _) = try await divided(runner)
        let first = try #require(await running(of: whole).first)
        await executor.script(first, .ended(.crashed("signal 9 ended it")))
        await runner.look()
        #expect(try await job(first).crashes == 1)
        await executor.script(first, .running)
        for _ in 0..<2 { await runner.look() }
        #expect(try await job(whole).state == .running)
        #expect(try await !job(first).state.isTerminal)
    }

    @Test func nextServerWaitsForTheParts() async throws {
        let first = runner(), (whole, parts) = try await divided(first)
        await executor.obey(.stop, with: .stopped)
        await first.drain(within: .seconds(10))
        #expect(try await job(whole).state == .running)
        let next = runner(owner: "next")
        try await next.recover()
        for _ in 0..<3 { await next.look() }
        #expect(await self.parts(of: whole).count == 3)
        #expect(await running(of: whole).count == 2)
        for part in parts {
            await executor.script(part, .ended(.succeeded))
            for _ in 0..<2 { await next.look() }
        }
        await executor.script(whole, .ended(.succeeded))
        for _ in 0..<3 { await next.look() }
        #expect(try await job(whole).state == .succeeded)
    }
}
