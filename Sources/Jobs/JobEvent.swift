/// What can happen to a job.
public enum JobEvent: Sendable, Equatable {
    /// A server process takes it to start a worker.
    case claimed(owner: String)
    /// Another server process found the worker alive and follows it.
    case adopted(owner: String)
    /// Its folder tells of a later start than the store does, which has lost what came in between.
    case found(owner: String, attempt: Int)
    case reported(JobReport)
    /// The worker did all there was to do.
    case succeeded
    /// The worker stopped because it was asked to, and can go on.
    case stopped
    /// The worker ended without a word; how, in words.
    case crashed(String)
    case failed(JobFailure)
    case cancelRequested
    case pauseRequested
    case resumeRequested
    /// The run shall be content with what it has; why, in words.
    case finishRequested(reason: String)

    /// Its name, without what it carries.
    public var name: String {
        switch self {
        case .claimed: "claimed"
        case .adopted: "adopted"
        case .found: "found"
        case .reported: "reported"
        case .succeeded: "succeeded"
        case .stopped: "stopped"
        case .crashed: "crashed"
        case .failed: "failed"
        case .cancelRequested: "cancelRequested"
        case .pauseRequested: "pauseRequested"
        case .resumeRequested: "resumeRequested"
        case .finishRequested: "finishRequested"
        }
    }
}

/// What a worker has said since the last time.
public struct JobReport: Sendable, Equatable {
    /// A line of metrics.
    public struct Metrics: Sendable, Equatable {
        /// A metric at that step.
        public struct Value: Sendable, Equatable {
            public let key: String
            public let value: Double

            public init(_ key: String, _ value: Double) {
                self.key = key
                self.value = value
            }
        }

        public let step: Int
        public let values: [Value]

        public init(step: Int, values: [Value]) {
            self.step = step
            self.values = values
        }
    }

    /// Bytes of its reports that were read, these among them.
    public var offset: Int
    public var isAlive = true
    public var step: Int?
    public var totalSteps: Int?
    /// A JSON object.
    public var progress: String?
    public var checkpointStep: Int?
    /// The lines that were not recorded before.
    public var metrics: [Metrics] = []

    public init(offset: Int) { self.offset = offset }
}

/// An event that does not go with a job's state.
public struct JobRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    public let event: String
    public let state: JobState
    public let isHeld: Bool

    init(_ event: JobEvent, _ job: Job) {
        self.event = event.name
        state = job.state
        isHeld = job.isHeld
    }

    public var description: String {
        let now = isHeld ? "paused" : state.rawValue
        return switch event {
        case "cancelRequested": "The job is \(now) already, so there is nothing to cancel."
        case "pauseRequested":
            state.isTerminal
                ? "The job is \(now), so there is nothing to pause." : "The job is being cancelled, which is final."
        case "resumeRequested": "The job is \(now) and not paused, so there is nothing to resume."
        default: "A job that is \(now) cannot be \(event)."
        }
    }
}
