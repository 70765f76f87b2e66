package import Jobs
import JSON
import Platform
package import Training

/// Reads what a worker has told since the last time.
package struct WorkerReports {
    /// Lines that one look takes; what is left comes with the next.
    private static let mostLines = 2000
    /// A longer line is none of ours.
    private static let longestLine = 1 << 20

    private let job: Job
    package private(set) var report: JobReport
    package private(set) var findings = WorkerFindings()
    /// What a training asks to be looked at; nil for other jobs.
    private let analysis: AnalysisSettings?
    /// Whether all that was there has been read.
    package private(set) var isComplete = true
    /// Whether anything was.
    package private(set) var isNew = false
    /// The points among the findings, for those who judge them.
    package private(set) var points: [(point: TrajectoryPoint, values: [Double])] = []
    package private(set) var finishReason: String?
    private var metricLines: Int

    /// - Parameters:
    ///   - analysis: which analyses a snapshot asks for; nil for none.
    package init(_ job: Job, events path: String, analysis: AnalysisSettings?) {
        self.job = job
        self.analysis = analysis
        report = JobReport(offset: job.reportOffset)
        metricLines = job.metricLines
        guard let bytes = try? MappedFile.open(path) else { return }
        // A power cut may take the end of a file that nobody had synced; what it said is recorded already.
        if bytes.count < job.reportOffset {
            report.offset = bytes.count
            isNew = true
        }
        read(bytes)
    }

    private mutating func read(_ bytes: Bytes) {
        let limit = min(bytes.count - report.offset, 8 << 20)
        guard limit > 0, let chunk = bytes.slice(at: report.offset, count: limit)?.array else { return }
        var start = 0, count = 0
        while count < Self.mostLines, let end = chunk[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if end > start { take(Array(chunk[start..<end])) }
            start = end + 1
            count += 1
        }
        if start == 0, limit > Self.longestLine { start = limit }
        isComplete = count < Self.mostLines && report.offset + limit == bytes.count
        if start > 0 {
            report.offset += start
            isNew = true
        }
    }

    private mutating func take(_ line: [UInt8]) {
        guard line.count <= Self.longestLine, let value = try? JSONValue.parse(line),
            let fields = value.object, let event = value["event"]?.string
        else { return }
        let data = String(decoding: JSONValue.object(fields.filter { $0.name != "event" }).json, as: UTF8.self)
        let step = value["step"]?.int.flatMap { $0 >= 0 ? $0 : nil }
        switch event {
        case "progress":
            report.step = step ?? report.step
            report.totalSteps = value["steps"]?.int.flatMap { $0 >= 0 ? $0 : nil } ?? report.totalSteps
            report.progress = data
            findings.notices.append(JobNotice(.progress, data))
        case "metric": takeMetrics(fields, step, line: value["line"]?.int, data)
        case "checkpoint":
            guard let step else { return }
            report.checkpointStep = step
            findings.notices.append(JobNotice(.checkpoint, data))
        case "resumed":
            report.step = step ?? report.step
            findings.notices.append(.log("going on from the checkpoint of step \(step ?? 0)"))
        case "warning": findings.notices.append(JobNotice(.warning, data))
        case "log": findings.notices.append(JobNotice(.log, data))
        case "snapshot": takeSnapshot(value, step)
        case "divided": takeShards()
        case "analysis": takePoint(value, step, data)
        case "end":
            report.step = step ?? report.step
            finishReason = value["stopped_early"]?.string
        default: break
        }
    }

    /// A worker that repeats steps repeats lines; each is recorded once.
    private mutating func takeMetrics(_ fields: [JSONValue.Member], _ step: Int?, line: Int?, _ data: String) {
        guard let step, line ?? metricLines == metricLines else { return }
        metricLines += 1
        report.step = max(step, report.step ?? 0)
        var values: [JobReport.Metrics.Value] = []
        for field in fields where !["event", "line", "step", "epoch"].contains(field.name) {
            if let number = field.value.double { values.append(JobReport.Metrics.Value(field.name, number)) }
        }
        report.metrics.append(JobReport.Metrics(step: step, values: values))
        findings.notices.append(JobNotice(.metric, data))
    }

    private mutating func takeSnapshot(_ value: JSONValue, _ step: Int?) {
        guard let step, let analysis, let epoch = value["epoch"]?.double, epoch.isFinite,
            let path = value["path"]?.string
        else { return }
        let request = SnapshotRequest(
            model: path, step: step, epoch: epoch, probeSet: analysis.probeSet,
            metrics: analysis.metrics.map(\.rawValue))
        guard
            let child = try? JobRequest(
                JobBody(.snapshot(request), threads: 1), name: job.request.name, parentID: job.id)
        else { return }
        findings.children.append(child)
        findings.notices.append(.log("a snapshot of step \(step) waits to be looked at"))
    }

    /// Each shard of the question becomes a job.
    private mutating func takeShards() {
        guard case .question(let question)? = JobBody(job.request.body)?.work, let cut = question.cut else { return }
        for shard in 0..<max(cut.shards, 0) {
            let body = JobBody(.shard(ShardRequest(question, shard: shard)), threads: cut.threads)
            guard var child = try? JobRequest(body, parentID: job.id) else { return }
            child.priority = job.request.priority
            child.expectedSeconds = job.request.expectedSeconds.map { $0 / Double(max(cut.shards, 1)) }
            findings.children.append(child)
        }
        findings.notices.append(.log("its images are cut into \(cut.shards) shards, each a job of its own"))
    }

    private mutating func takePoint(_ value: JSONValue, _ step: Int?, _ data: String) {
        guard let step, let parent = job.request.parentID, let metric = value["metric"]?.string,
            let epoch = value["epoch"]?.double, epoch.isFinite
        else { return }
        let point = TrajectoryPoint(jobID: parent, step: step, epoch: epoch, metric: metric, data: data)
        findings.points.append(point)
        findings.parentNotices.append(JobNotice(.analysis, data))
        // What is not finite is null, and no bound is met by it.
        points.append((point, (value["values"]?.list ?? []).map { $0.double ?? .nan }))
    }

    /// Something to look at, told to the job that is looked at.
    package mutating func warnParent(_ code: String, _ message: String) {
        findings.parentNotices.append(.warning(code, message))
    }
}
