import Foundation
import Jobs
import Platform
import Runs
import Testing
import Training

/// What is read of a worker's lines, whoever wrote them.
@Suite struct WorkerReportsTests {
    private static func read(
        _ text: String, _ job: Job? = nil, analysis: AnalysisSettings? = nil
    ) throws -> WorkerReports {
        let path = NSTemporaryDirectory() + "vitscope-events-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return WorkerReports(try job ?? claimedJob(), events: path, analysis: analysis)
    }

    /// The job after its reports were recorded.
    private static func recorded(_ job: Job, _ reports: WorkerReports) throws -> Job {
        try job.applying(.reported(reports.report), at: Date())
    }

    @Test func missingFileSaysNothing() throws {
        let reports = WorkerReports(try claimedJob(), events: "/nowhere/events.jsonl", analysis: nil)
        #expect(!reports.isNew && reports.isComplete && reports.report.offset == 0)
    }

    @Test func tornLineWaitsForItsRest() throws {
        let line = #"{"event": "log", "message": "whole"}"# + "\n", torn = #"{"event": "log", "mess"#
        let first = try Self.read(line + torn)
        #expect(first.findings.notices.count == 1 && first.report.offset == line.utf8.count)
        let job = try Self.recorded(try claimedJob(), first)
        let second = try Self.read(line + torn + #"age": "later"}"# + "\n", job)
        #expect(second.findings.notices.map(\.data) == [#"{"message":"later"}"#])
    }

    @Test(arguments: [
        "nonsense", "{}", "[]", "null", "7", #"{"event": 3}"#, #"{"event": "log", "event": "log"}"#,
        #"{"event": "unheard-of"}"#, #"{"event": "metric", "step": 1, "loss": 1e999}"#,
        #"{"event": "metric", "line": 0, "loss": 1}"#, #"{"event": "checkpoint"}"#,
        #"{"event": "checkpoint", "step": -1}"#,
        #"{"event": "metric", "line": -9223372036854775808, "step": 1, "loss": 2}"#,
        #"{"event": "metric", "line": 9223372036854775807, "step": 1, "loss": 2}"#,
        #"{"event": "snapshot", "step": 9e300, "epoch": 1, "path": "snapshots/x"}"#,
        String(repeating: "[", count: 100_000), "\u{0}\u{1}\u{7F}", "",
    ]) func strangeLinesAreSkipped(line: String) throws {
        let reports = try Self.read(line + "\n" + #"{"event": "log", "message": "after"}"# + "\n")
        #expect(reports.findings.notices.map(\.data) == [#"{"message":"after"}"#])
        #expect(reports.report.metrics.isEmpty && reports.report.checkpointStep == nil)
        #expect(reports.findings.children.isEmpty && reports.isComplete)
    }

    @Test func hostileNumbersStopNobody() throws {
        let reports = try Self.read(
            #"{"event": "progress", "step": 99999999999999999999, "steps": -4, "fraction": 1e308}"# + "\n"
                + #"{"event": "metric", "line": 0, "step": 9223372036854775807, "loss": null, "lr": 0.5}"# + "\n")
        #expect(reports.report.totalSteps == nil)
        #expect(reports.report.metrics.first?.values == [.init("lr", 0.5)])
        _ = try Self.recorded(try claimedJob(), reports)
    }

    /// A worker that goes on from a checkpoint says again what it said after it.
    @Test func repeatedMetricsAreRecordedOnce() throws {
        func line(_ number: Int, _ step: Int) -> String {
            #"{"event": "metric", "line": \#(number), "step": \#(step), "epoch": 0.5, "loss": \#(number)}"# + "\n"
        }
        let text = line(0, 10) + line(1, 20) + line(2, 30) + #"{"event": "resumed", "step": 10}"# + "\n" + line(1, 20)
        var job = try claimedJob()
        let first = try Self.read(text, job)
        #expect(first.report.metrics.map(\.step) == [10, 20, 30])
        #expect(first.findings.notices.filter { $0.kind == .metric }.count == 3)
        job = try Self.recorded(job, first)
        let second = try Self.read(text + line(2, 30) + line(3, 40), job)
        #expect(second.report.metrics.map(\.step) == [40])
        #expect(try Self.recorded(job, second).metricLines == 4)
    }

    @Test func endlessLineIsPassed() throws {
        let text = "{\"event\": \"log\", \"message\": \"" + String(repeating: "x", count: 3 << 20) + "\"}\n"
        let reports = try Self.read(text + #"{"event": "log", "message": "after"}"# + "\n")
        #expect(reports.findings.notices.map(\.data) == [#"{"message":"after"}"#])
        // Not even an end of it is there yet.
        let open = try Self.read(String(repeating: "x", count: 9 << 20))
        #expect(open.report.offset > 0 && open.findings.notices.isEmpty)
    }

    @Test func manyLinesComeInTurns() throws {
        let text = String(repeating: #"{"event": "log", "message": "m"}"# + "\n", count: 4500)
        var job = try claimedJob(), counts: [Int] = [], isComplete = false
        while !isComplete, counts.count < 10 {
            let reports = try Self.read(text, job)
            counts.append(reports.findings.notices.count)
            isComplete = reports.isComplete
            job = try Self.recorded(job, reports)
        }
        #expect(counts == [2000, 2000, 500] && job.reportOffset == text.utf8.count)
    }

    /// A power cut takes what nobody had synced.
    @Test func shorterFileIsFollowedFromItsEnd() throws {
        var report = JobReport(offset: 5000)
        report.step = 3
        let job = try claimedJob().applying(.reported(report), at: Date())
        let line = #"{"event": "log", "message": "m"}"# + "\n"
        let reports = try Self.read(line, job)
        #expect(reports.report.offset == line.utf8.count && reports.isNew && reports.findings.notices.isEmpty)
    }

    @Test func snapshotAsksForAnAnalysis() throws {
        let job = try claimedJob()
        let settings = AnalysisSettings(everyEpochs: 2, probeSet: "probe", metrics: [.attentionNMI, .fourier])
        let line = #"{"event": "snapshot", "step": 40, "epoch": 2.0, "path": "snapshots/step-40.safetensors"}"# + "\n"
        let child = try #require(try Self.read(line, job, analysis: settings).findings.children.first)
        #expect(child.kind == .analysis && child.parentID == job.id && child.priority == JobRequest.snapshotPriority)
        #expect(
            JobBody(child.body)?.work
                == .snapshot(
                    SnapshotRequest(
                        model: "snapshots/step-40.safetensors", step: 40, epoch: 2, probeSet: "probe",
                        metrics: ["attention-nmi", "fourier"])))
        #expect(try Self.read(line, job).findings.children.isEmpty)
    }

    @Test func analysisIsAPointOfItsParent() throws {
        let parent = JobID(at: Date())
        let job = try claimedJob(.analysis, parent: parent)
        let line =
            #"{"event": "analysis", "metric": "attention-nmi", "step": 40, "epoch": 2, "layers": [0, 1], "values": [0.5, null]}"#
        let reports = try Self.read(line + "\n", job)
        let point = try #require(reports.findings.points.first)
        #expect(point.jobID == parent && point.step == 40 && point.metric == "attention-nmi")
        #expect(point.data.contains(#""values":[0.5,null]"#))
        #expect(reports.findings.parentNotices.map(\.kind) == [.analysis] && reports.findings.notices.isEmpty)
        #expect(reports.points.first?.values.first == 0.5 && reports.points.first?.values.last?.isNaN == true)
    }

    @Test func endTellsWhyItCameEarly() throws {
        let line = #"{"event": "end", "outcome": "succeeded", "step": 12, "stopped_early": "loss was low"}"# + "\n"
        #expect(try Self.read(line).finishReason == "loss was low")
    }
}
