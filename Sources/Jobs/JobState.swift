/// Where a job is in its life. A paused job is queued and held; one that is asked to stop is still running.
public enum JobState: String, Sendable, CaseIterable {
    case queued, running, succeeded, failed, cancelled

    /// Whether nothing can happen to the job any more.
    public var isTerminal: Bool {
        switch self {
        case .queued, .running: false
        case .succeeded, .failed, .cancelled: true
        }
    }
}

/// What a worker has to do.
public enum JobKind: String, Sendable, CaseIterable {
    case training
    /// Looks at a snapshot of a training job, which is its parent.
    case analysis
}

/// Why a job did not succeed.
public struct JobFailure: Sendable, Equatable {
    /// Words for programs.
    public enum Reason: String, Sendable, CaseIterable {
        case configuration
        case badData = "bad_data"
        case lossNotFinite = "loss_not_finite"
        case diskFull = "disk_full"
        /// The worker ended without a word, three times without getting further.
        case poison
        case failed
        /// The images, the number of threads or the program are others than the run was begun with.
        case inexact
    }

    public let reason: Reason
    /// A sentence for people.
    public let message: String

    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    /// Whether the same may succeed later.
    public var isTransient: Bool {
        switch reason {
        case .diskFull: true
        case .configuration, .badData, .lossNotFinite, .poison, .failed, .inexact: false
        }
    }
}
