public import FoundationEssentials

/// A step in a job's life with all that is written down together with it: either all of it, or nothing.
public struct JobChange: Sendable, Equatable {
    public let before: Job
    public let after: Job
    public let date: Date
    /// Notices for whoever follows the job, in order.
    public private(set) var notices: [JobNotice]
    /// Notices for whoever follows its parent.
    public private(set) var parentNotices: [JobNotice] = []
    /// Points of its parent's trajectory.
    public private(set) var points: [TrajectoryPoint] = []
    /// New jobs.
    public private(set) var children: [Job] = []

    /// The change that `event` makes; a new state, and an end, are told of themselves.
    ///
    /// - Parameters:
    ///   - findings: what the worker has said, besides the event itself.
    /// - Throws: `JobRefusal`.
    public init(
        _ job: Job, _ event: JobEvent, at date: Date, findings: WorkerFindings = WorkerFindings()
    ) throws(JobRefusal) {
        before = job
        after = try job.applying(event, at: date)
        self.date = date
        notices = findings.notices
        parentNotices = findings.parentNotices
        points = findings.points
        children = findings.children.map { Job(id: JobID(at: date), request: $0, at: date) }
        if before.state != after.state || before.isHeld != after.isHeld || before.requests != after.requests {
            notices.append(JobNotice(.state, after.stateText))
        }
        if after.state.isTerminal, !before.state.isTerminal { notices.append(JobNotice(.end, after.stateText)) }
        if after.state == .failed, job.request.kind == .analysis, let failure = after.failure {
            parentNotices.append(.warning("analysis_failed", failure.message))
        }
    }

    /// Whether there is nothing to write down.
    public var isEmpty: Bool {
        before == after && notices.isEmpty && parentNotices.isEmpty && points.isEmpty && children.isEmpty
    }

    /// The first words about a new job.
    public static func firstNotice(of job: Job) -> JobNotice { JobNotice(.state, job.stateText) }
}

/// What a worker has said besides how far it is.
public struct WorkerFindings: Sendable, Equatable {
    public var notices: [JobNotice] = []
    public var parentNotices: [JobNotice] = []
    public var points: [TrajectoryPoint] = []
    public var children: [JobRequest] = []

    public init() {}
}

extension Job {
    /// What was asked of it and not done yet.
    fileprivate var requests: [Date?] { [status.cancelRequestedAt, status.pauseRequestedAt, status.finishRequestedAt] }

    /// State and all that belongs to it, a JSON object.
    fileprivate var stateText: String { JSONText.of(StateDocument(self)) }
}

extension JobNotice {
    /// Something to look at that stops nothing. `code` is a word for programs.
    public static func warning(_ code: String, _ message: String) -> JobNotice {
        JobNotice(.warning, text(["code": code, "message": message]))
    }

    /// A sentence for people.
    public static func log(_ message: String) -> JobNotice { JobNotice(.log, text(["message": message])) }

    private static func text(_ document: [String: String]) -> String { JSONText.of(document) }
}

/// Documents of a notice as JSON in one line.
private enum JSONText {
    static func of(_ document: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

/// What a notice says of a state.
private struct StateDocument: Encodable {
    let state: String
    let attempt: Int
    let held: Bool
    let step: Int
    let cancelRequested: Bool
    let pauseRequested: Bool
    let finishReason: String?
    let failure: Failure?

    struct Failure: Encodable {
        let reason: String
        let message: String
    }

    enum CodingKeys: String, CodingKey {
        case state, attempt, held, step, failure
        case cancelRequested = "cancel_requested"
        case pauseRequested = "pause_requested"
        case finishReason = "finish_reason"
    }

    init(_ job: Job) {
        state = job.state.rawValue
        attempt = job.attempt
        held = job.isHeld
        step = job.step
        cancelRequested = job.cancelRequestedAt != nil
        pauseRequested = job.pauseRequestedAt != nil
        finishReason = job.finishReason
        failure = job.failure.map { Failure(reason: $0.reason.rawValue, message: $0.message) }
    }
}
