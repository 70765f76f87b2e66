import TestSupport
import Foundation
import Jobs
import JobsTestSupport
import Testing

/// Every event in every situation, as the page of the documentation has it.
@Suite struct JobLifeTests {
    static let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/Jobs/Jobs.docc/JobLife.md")

    /// Events that lead from a new job to where the columns begin.
    static let situations: [(name: String, events: [JobEvent])] = [
        ("queued", []),
        ("queued, held", [.pauseRequested]),
        ("running", [.claimed(owner: "a")]),
        ("running, to pause", [.claimed(owner: "a"), .pauseRequested]),
        ("running, to cancel", [.claimed(owner: "a"), .cancelRequested]),
        ("running, to finish", [.claimed(owner: "a"), .finishRequested(reason: "enough")]),
        (
            "running, 2 crashes",
            [
                .claimed(owner: "a"), .crashed("x"), .claimed(owner: "a"), .crashed("x"), .claimed(owner: "a"),
            ]
        ),
        ("succeeded", [.claimed(owner: "a"), .succeeded]),
        ("failed", [.claimed(owner: "a"), .failed(JobFailure(.failed, "x"))]),
        ("cancelled", [.cancelRequested]),
    ]

    static let events: [(name: String, event: JobEvent)] = [
        ("claimed", .claimed(owner: "b")), ("adopted", .adopted(owner: "b")),
        ("found", .found(owner: "b", attempt: 4)),
        ("reported", .reported(JobSamples.report(step: 1))), ("succeeded", .succeeded), ("stopped", .stopped),
        ("crashed", .crashed("x")), ("failed", .failed(JobFailure(.failed, "x"))),
        ("failed, may pass", .failed(JobFailure(.diskFull, "x"))), ("cancelRequested", .cancelRequested),
        ("pauseRequested", .pauseRequested), ("resumeRequested", .resumeRequested),
        ("finishRequested", .finishRequested(reason: "more")),
    ]

    static func job(after events: [JobEvent]) throws -> Job {
        try events.enumerated().reduce(JobSamples.job()) { job, next in
            try job.applying(next.element, at: JobSamples.date(1000 * Double(next.offset + 1)))
        }
    }

    static func cell(_ job: Job, _ event: JobEvent) -> String {
        let date = JobSamples.date(1e6)
        guard let after = try? job.applying(event, at: date) else { return "–" }
        if after == job { return "no change" }
        var words = [after.state.rawValue]
        if after.isHeld { words.append("held") }
        if after.runAt > date { words.append("after a wait") }
        if after.state == .running {
            if after.cancelRequestedAt != nil { words.append("to cancel") }
            if after.pauseRequestedAt != nil { words.append("to pause") }
            if after.finishRequestedAt != nil { words.append("to finish") }
        }
        if after.state == .failed { words.append(after.failure?.reason.rawValue ?? "") }
        if case .found = event, after.attempt != job.attempt {
            words.append("attempt of the folder")
        } else if after.attempt != job.attempt {
            words.append(after.attempt > job.attempt ? "attempt + 1" : "attempt − 1")
        }
        return words.joined(separator: ", ")
    }

    static func table() throws -> String {
        let jobs = try situations.map { try job(after: $0.events) }
        var lines = [
            "| event | " + situations.map(\.name).joined(separator: " | ") + " |",
            "|" + String(repeating: " --- |", count: situations.count + 1),
        ]
        for (name, event) in events {
            lines.append("| `\(name)` | " + jobs.map { cell($0, event) }.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }

    @Test func pageTellsWhatTheCodeDoes() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let begin = try #require(text.range(of: "<!-- table -->\n"))
        let end = try #require(text.range(of: "<!-- end -->"))
        let written = text[begin.upperBound..<end.lowerBound].trimmingCharacters(in: .newlines)
        let computed = try Self.table()
        if ProcessInfo.processInfo.environment["VITSCOPE_WRITE_TABLES"] == "1" {
            let new = text[..<begin.upperBound] + "\n" + computed + "\n\n" + text[end.lowerBound...]
            try String(new).write(to: Self.page, atomically: true, encoding: .utf8)
        } else {
            #expect(written == computed, "VITSCOPE_WRITE_TABLES=1 swift test --filter JobLifeTests writes it anew")
        }
    }

    /// 20,000 lives of 30 random events each.
    @Test func invariantsHoldInAnyLife() throws {
        var random = TestRandom("lives of jobs")
        for life in 0..<20_000 {
            var job = JobSamples.job()
            var stoppedAttempts = 0
            for number in 1...30 {
                let event = Self.events[Int.random(in: 0..<Self.events.count, using: &random)].event
                let date = JobSamples.date(Double(number) * 1000)
                guard let after = try? job.applying(event, at: date) else { continue }
                let before = job
                job = after
                if case .stopped = event, after.state == .queued { stoppedAttempts += 1 }
                let isSound =
                    !before.state.isTerminal && (after.version == before.version + 1 || after == before)
                    && after.leaseToken >= before.leaseToken && (after.leaseOwner != nil) == (after.state == .running)
                    && (after.finishedAt != nil) == after.state.isTerminal
                    && (!after.isHeld || after.state == .queued)
                    && (after.pauseRequestedAt == nil || after.state == .running)
                    && (after.failure != nil) == (after.state == .failed)
                    && (before.cancelRequestedAt == nil || after.state == .running || after.state == .cancelled)
                    && (after.state != .cancelled || after.cancelRequestedAt != nil)
                    && after.crashes <= Job.maxCrashes && after.retries <= Job.maxRetries && after.attempt >= 0
                    && after.attempt + stoppedAttempts <= after.leaseToken
                    && after.runAt.timeIntervalSince(date) <= 720
                if !isSound {
                    Issue.record(
                        "seed \(random.seed), life \(life): \(event.name) made \(before.status) to \(after.status)")
                    return
                }
                if case .reported = event { continue }
                #expect(after.step == before.step)
            }
        }
    }

    @Test func thirdCrashIsTheLastUnlessThereWasACheckpoint() throws {
        var job = JobSamples.job()
        for number in 1...3 {
            job = try job.applying(.claimed(owner: "a"), at: JobSamples.date(Double(number) * 1000))
            job = try job.applying(.crashed("it fell"), at: JobSamples.date(Double(number) * 1000 + 1))
            #expect(job.state == (number == 3 ? .failed : .queued))
        }
        #expect(job.failure?.reason == .poison)

        var other = JobSamples.job()
        for number in 1...9 {
            other = try other.applying(.claimed(owner: "a"), at: JobSamples.date(Double(number) * 1000))
            let report = JobSamples.report(step: number, checkpoint: number)
            other = try other.applying(.reported(report), at: JobSamples.date(Double(number) * 1000 + 1))
            other = try other.applying(.crashed("it fell"), at: JobSamples.date(Double(number) * 1000 + 2))
            #expect(other.state == .queued)
            #expect(other.crashes == 1)
        }
        #expect(other.attempt == 9)
    }

    @Test func waitsGrowAndAreBounded() throws {
        var job = JobSamples.job()
        for number in 1...5 {
            let date = JobSamples.date(Double(number) * 1000)
            job = try job.applying(.claimed(owner: "a"), at: date)
            job = try job.applying(.failed(JobFailure(.diskFull, "x")), at: date)
            let wait = job.runAt.timeIntervalSince(date)
            let middle = 5 * Double(1 << number)
            #expect(wait >= 0.8 * middle && wait <= 1.2 * middle)
        }
        job = try job.applying(.claimed(owner: "a"), at: JobSamples.date(1e5))
        #expect(try job.applying(.failed(JobFailure(.diskFull, "x")), at: JobSamples.date(1e5)).state == .failed)
    }

    @Test func stopKeepsThePlaceInTheQueue() throws {
        let job = try Self.job(after: [.claimed(owner: "a"), .stopped])
        #expect(job.runAt == JobSamples.start)
        #expect(job.attempt == 0)
    }

    @Test func numbersBelowZeroSayNothing() throws {
        var report = JobReport(offset: -1)
        (report.step, report.totalSteps, report.checkpointStep) = (.min, .min, .min)
        let job = try Self.job(after: [.claimed(owner: "a"), .reported(report)])
        #expect(job.step == 0 && job.reportOffset == 0 && job.totalSteps == 0 && job.checkpointStep == nil)
    }
}
