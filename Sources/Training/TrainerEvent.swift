/// How far a run is.
public struct TrainingProgress: Sendable, Equatable {
    /// Epochs begun, counted from 1, of how many.
    public var epoch: Int
    public var epochs: Int
    /// Steps done, of how many.
    public var step: Int
    public var steps: Int
    /// Over the last steps; 0 before the first.
    public var imagesPerSecond: Double
    /// At that speed; nil before it is known.
    public var etaSeconds: Double?
    /// The metrics of the last step.
    public var metrics: [Metric]

    /// How much of the whole run is done, 0 to 1.
    public var fraction: Double { steps > 0 ? Double(step) / Double(steps) : 1 }
}

/// What a run tells while it goes.
public enum TrainingEvent: Sendable, Equatable {
    /// A step is done.
    case progress(TrainingProgress)
    /// A line of `metrics.jsonl`; `line` counts from 0, and a line that a crash took comes again under its number.
    case metric(line: Int, step: Int, epoch: Double, values: [Metric])
    /// A checkpoint is on the disk.
    case checkpoint(step: Int, path: String, sizeBytes: Int)
    /// The weights alone are on the disk, for analyses.
    case snapshot(step: Int, epoch: Double, path: String)
    /// Something to look at that does not stop the run. `code` is a word for programs.
    case warning(code: String, message: String)
    /// The run took itself up at this step.
    case resumed(step: Int)
    /// `stoppedEarly` says why a run was content before its last step.
    case end(TrainingOutcome, step: Int, stoppedEarly: String? = nil)
}

/// How a run ended.
public enum TrainingOutcome: String, Sendable, Equatable {
    case succeeded
    /// Somebody asked it to; it goes on from its checkpoint when it is started again.
    case stopped
    /// There was nothing left to do.
    case alreadyFinished = "already_finished"
}
