public import Foundation
public import Jobs

/// Jobs, and dates, as tests want them.
public enum JobSamples {
    public static let start = Date(timeIntervalSinceReferenceDate: 800_000_000.123)

    /// `seconds` after the start.
    public static func date(_ seconds: Double) -> Date { start.addingTimeInterval(seconds) }

    public static func request(
        _ kind: JobKind = .training, priority: Int = JobRequest.usualPriority, parent: JobID? = nil,
        labels: [String: String] = [:]
    ) -> JobRequest {
        JobRequest(
            kind: kind, name: "a \"sample\"", method: kind == .training ? "simmim" : "analysis",
            body: #"{"method":"simmim"}"#, labels: labels, priority: priority, parentID: parent)
    }

    public static func job(_ request: JobRequest = request(), at date: Date = start) -> Job {
        Job(id: JobID(at: date), request: request, at: date)
    }

    /// A report of a worker that reached `step`, with one line of metrics.
    public static func report(step: Int, offset: Int? = nil, checkpoint: Int? = nil) -> JobReport {
        var report = JobReport(offset: offset ?? step * 10)
        report.step = step
        report.totalSteps = 100
        report.progress = #"{"step":\#(step)}"#
        report.checkpointStep = checkpoint
        report.metrics = [JobReport.Metrics(step: step, values: [.init("loss", 1 / Double(step + 3))])]
        return report
    }
}
