public import FoundationEssentials

/// Something that was told about a job, for whoever follows it.
public struct JobNotice: Sendable, Equatable {
    /// Words of the stream of events.
    public enum Kind: String, Sendable, CaseIterable {
        case state, progress, metric, log, checkpoint, analysis, warning, end
    }

    public let kind: Kind
    /// A JSON object.
    public let data: String

    public init(_ kind: Kind, _ data: String) {
        self.kind = kind
        self.data = data
    }
}

/// A notice as a store keeps it.
public struct NumberedNotice: Sendable, Equatable {
    /// Counts from 1 in each job, without gaps.
    public let number: Int
    public let at: Date
    public let notice: JobNotice

    public init(number: Int, at: Date, notice: JobNotice) {
        self.number = number
        self.at = at
        self.notice = notice
    }
}

/// One metric of every layer of a snapshot.
public struct TrajectoryPoint: Sendable, Equatable {
    /// The training job.
    public let jobID: JobID
    public let step: Int
    public let epoch: Double
    /// An analysis, such as `attention-nmi`.
    public let metric: String
    /// A JSON object with `layers` and `values`, and what else the analysis tells.
    public let data: String

    public init(jobID: JobID, step: Int, epoch: Double, metric: String, data: String) {
        self.jobID = jobID
        self.step = step
        self.epoch = epoch
        self.metric = metric
        self.data = data
    }
}
