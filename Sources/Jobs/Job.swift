public import FoundationEssentials

/// A piece of work with a life of its own. `applying(_:at:)` is the whole of that life.
@dynamicMemberLookup
public struct Job: Sendable, Equatable {
    public let id: JobID
    public let request: JobRequest
    public let createdAt: Date
    public private(set) var status: Status

    /// A new job.
    public init(id: JobID, request: JobRequest, at date: Date) {
        self.init(id: id, request: request, createdAt: date, status: Status(runAt: date))
    }

    /// A job as a store has kept it.
    public init(id: JobID, request: JobRequest, createdAt: Date, status: Status) {
        self.id = id
        self.request = request
        self.createdAt = createdAt
        self.status = status
    }

    public subscript<Value>(dynamicMember path: KeyPath<Status, Value>) -> Value { status[keyPath: path] }

    /// Everything about a job that changes.
    public struct Status: Sendable, Equatable {
        /// Grows with every change, so that a store can tell whether somebody else was first.
        public var version = 0
        public var state = JobState.queued
        /// Not to be started before; the only time that a clock on the wall decides about.
        public var runAt: Date
        /// Paused: queued, and nobody may start it.
        public var isHeld = false
        /// How often it was started; a stop by us does not count.
        public var attempt = 0
        /// Ends without a word since the last newer checkpoint.
        public var crashes = 0
        /// Failures worth another try since the last newer checkpoint.
        public var retries = 0
        /// Only ever grows: what was started under an older number is no longer listened to.
        public var leaseToken = 0
        /// The server process that follows the worker; nil unless running.
        public var leaseOwner: String?
        public var heartbeatAt: Date?
        public var step = 0
        public var totalSteps: Int?
        /// The step of the newest checkpoint on the disk.
        public var checkpointStep: Int?
        /// The last progress, a JSON object.
        public var progress: String?
        /// In order of appearance.
        public var metrics: [MetricSummary] = []
        /// Lines of metrics that are recorded; a worker that repeats steps repeats lines.
        public var metricLines = 0
        /// Bytes of the worker's reports that are recorded.
        public var reportOffset = 0
        public var cancelRequestedAt: Date?
        public var pauseRequestedAt: Date?
        /// When and why a run was asked to be content with what it has.
        public var finishRequestedAt: Date?
        public var finishReason: String?
        public var failure: JobFailure?
        public var startedAt: Date?
        public var finishedAt: Date?

        public init(runAt: Date) { self.runAt = runAt }
    }
}

/// The course of one metric in short.
public struct MetricSummary: Sendable, Equatable, Codable {
    public let key: String
    public private(set) var last: Double
    public private(set) var min: Double
    public private(set) var minStep: Int
    public private(set) var max: Double
    public private(set) var maxStep: Int

    public init(key: String, value: Double, step: Int) {
        self.key = key
        (last, min, max) = (value, value, value)
        (minStep, maxStep) = (step, step)
    }

    /// Takes another value in.
    mutating func add(_ value: Double, step: Int) {
        last = value
        if value < min { (min, minStep) = (value, step) }
        if value > max { (max, maxStep) = (value, step) }
    }
}

extension Job {
    /// Failures worth another try that are tried again.
    public static let maxRetries = 5
    /// Ends without a word, and without a newer checkpoint between them, that are the last.
    public static let maxCrashes = 3
    /// The longest wait between two tries, seconds.
    private static let longestWait = 720.0

    /// Whether the time has come to start it. A time further away than any wait is one that a clock has made which was
    /// set back since, and no reason to wait.
    public func isDue(at date: Date) -> Bool { status.runAt <= date || status.runAt > Self.endOfWaits(from: date) }

    /// What lies beyond this is no wait that began at `date`.
    public static func endOfWaits(from date: Date) -> Date { date.addingTimeInterval(longestWait) }

    /// The job after `event`; nothing else changes a job.
    ///
    /// - Throws: `JobRefusal` where the event does not go with the state.
    public func applying(_ event: JobEvent, at date: Date) throws(JobRefusal) -> Job {
        var job = self
        switch (event, status.state) {
        case (.claimed(let owner), .queued):
            guard !status.isHeld, isDue(at: date) else { throw JobRefusal(event, self) }
            job.status.state = .running
            job.status.attempt += 1
            job.status.startedAt = status.startedAt ?? date
            job.lease(to: owner, at: date)
        case (.adopted(let owner), .running): job.lease(to: owner, at: date)
        case (.found(let owner, let attempt), .queued), (.found(let owner, let attempt), .running):
            guard status.state == .queued || attempt > status.attempt else { return job }
            job.catchUp(to: attempt, owner, at: date)
        case (.reported(let report), .running): job.take(report, at: date)
        case (.succeeded, .running): job.end(.succeeded, at: date)
        case (.stopped, .running): job.leave(at: date)
        case (.crashed(let how), .running): job.crash(how, at: date)
        case (.failed(let failure), .running): job.fail(failure, at: date)
        case (.cancelRequested, .queued):
            job.status.cancelRequestedAt = date
            job.end(.cancelled, at: date)
        case (.cancelRequested, .running): job.status.cancelRequestedAt = status.cancelRequestedAt ?? date
        case (.pauseRequested, .queued): job.status.isHeld = true
        case (.pauseRequested, .running):
            guard status.cancelRequestedAt == nil else { throw JobRefusal(event, self) }
            job.status.pauseRequestedAt = status.pauseRequestedAt ?? date
        case (.resumeRequested, .queued):
            guard status.isHeld else { throw JobRefusal(event, self) }
            job.status.isHeld = false
            job.status.runAt = date
        case (.resumeRequested, .running):
            guard status.pauseRequestedAt != nil else { throw JobRefusal(event, self) }
            job.status.pauseRequestedAt = nil
        case (.finishRequested(let reason), .running):
            guard status.finishRequestedAt == nil else { return job }
            job.status.finishRequestedAt = date
            job.status.finishReason = reason
        case (.claimed, _), (.adopted, _), (.found, _), (.reported, _), (.succeeded, _), (.stopped, _), (.crashed, _),
            (.failed, _), (.cancelRequested, _), (.pauseRequested, _), (.resumeRequested, _), (.finishRequested, _):
            throw JobRefusal(event, self)
        }
        if job != self { job.status.version += 1 }
        return job
    }

    private mutating func lease(to owner: String, at date: Date) {
        status.leaseToken += 1
        status.leaseOwner = owner
        status.heartbeatAt = date
    }

    /// A later start than the one that was written down; what it came to, its worker's folder says.
    private mutating func catchUp(to attempt: Int, _ owner: String, at date: Date) {
        // Who was held is asked to stop, so that it is held again.
        if status.isHeld { status.pauseRequestedAt = date }
        status.isHeld = false
        status.state = .running
        status.leaseToken += max(attempt - status.attempt - 1, 0)
        status.attempt = max(attempt, status.attempt)
        lease(to: owner, at: date)
    }

    private mutating func take(_ report: JobReport, at date: Date) {
        if report.isAlive { status.heartbeatAt = date }
        // A worker's numbers come from a file; below zero they say nothing.
        status.reportOffset = max(report.offset, 0)
        status.step = max(report.step ?? status.step, 0)
        status.totalSteps = (report.totalSteps ?? status.totalSteps).map { max($0, 0) }
        status.progress = report.progress ?? status.progress
        if let step = report.checkpointStep, step >= 0 {
            if step > status.checkpointStep ?? -1 { (status.crashes, status.retries) = (0, 0) }
            status.checkpointStep = step
        }
        for line in report.metrics {
            status.metricLines += 1
            for metric in line.values where metric.value.isFinite {
                if let place = status.metrics.firstIndex(where: { $0.key == metric.key }) {
                    status.metrics[place].add(metric.value, step: line.step)
                } else {
                    status.metrics.append(MetricSummary(key: metric.key, value: metric.value, step: line.step))
                }
            }
        }
    }

    /// The worker has stopped because it was asked to, and can go on where it stopped.
    private mutating func leave(at date: Date) {
        if status.cancelRequestedAt != nil { return end(.cancelled, at: date) }
        status.attempt -= 1
        // Its place in the queue is the one it had.
        queue(at: min(status.runAt, date))
    }

    private mutating func crash(_ how: String, at date: Date) {
        if status.cancelRequestedAt != nil { return end(.cancelled, at: date) }
        status.crashes += 1
        guard status.crashes < Self.maxCrashes else {
            status.failure = JobFailure(
                .poison,
                "The worker ended without a word \(status.crashes) times and got no further in between; the last time "
                    + "\(how). Its log says more.")
            return end(.failed, at: date)
        }
        queue(at: status.crashes == 1 ? min(status.runAt, date) : date.addingTimeInterval(backoff(status.crashes - 1)))
    }

    private mutating func fail(_ failure: JobFailure, at date: Date) {
        if status.cancelRequestedAt != nil { return end(.cancelled, at: date) }
        guard failure.isTransient, status.retries < Self.maxRetries else {
            status.failure = failure
            return end(.failed, at: date)
        }
        status.retries += 1
        queue(at: date.addingTimeInterval(backoff(status.retries)))
    }

    private mutating func queue(at date: Date) {
        status.state = .queued
        status.isHeld = status.pauseRequestedAt != nil
        status.pauseRequestedAt = nil
        status.leaseOwner = nil
        status.runAt = date
    }

    private mutating func end(_ state: JobState, at date: Date) {
        // A cancel that was acknowledged is final, whatever the worker achieved meanwhile.
        status.state = status.cancelRequestedAt == nil ? state : .cancelled
        status.isHeld = false
        status.pauseRequestedAt = nil
        status.leaseOwner = nil
        status.finishedAt = date
    }

    /// Seconds to wait before try `number` + 1: min(5 · 2^number, 600) ± 20 %, the same for the same job and number, and
    /// at most `longestWait`.
    private func backoff(_ number: Int) -> Double {
        let seconds = min(5 * Double(1 << min(number, 10)), 600)
        var hash: UInt64 = 14_695_981_039_346_656_037
        for byte in Array(id.text.utf8) + [UInt8(truncatingIfNeeded: number)] {
            hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211
        }
        return seconds * (0.8 + 0.4 * Double(hash >> 11) / Double(1 << 53))
    }
}
