import Training

/// What a run tells while it goes: a line for programs, and for people how far it is.
public struct TrainingReport: Sendable {
    /// How far a run is.
    public struct Progress: Sendable {
        public let fraction: Double
        public let epoch: Int
        public let epochs: Int
        public let step: Int
        public let steps: Int
        public let imagesPerSecond: Double
        public let etaSeconds: Double?
        /// Losses and the like of the last step, in order.
        public let metrics: [(name: String, value: Double)]
    }

    /// Of the last step, where this reports one.
    public let progress: Progress?
    /// A sentence for people, where there is something to say beside the progress.
    public let message: String?
    /// The event as JSON.
    public let value: ResultValue

    init(_ event: TrainingEvent) {
        switch event {
        case .progress(let progress):
            self.init(
                progress: Progress(
                    fraction: progress.fraction, epoch: progress.epoch, epochs: progress.epochs, step: progress.step,
                    steps: progress.steps, imagesPerSecond: progress.imagesPerSecond, etaSeconds: progress.etaSeconds,
                    metrics: progress.metrics.map { ($0.key, $0.value) }),
                "progress",
                [
                    .init("fraction", .double(progress.fraction)), .init("epoch", .int(progress.epoch)),
                    .init("epochs", .int(progress.epochs)), .init("step", .int(progress.step)),
                    .init("steps", .int(progress.steps)), .init("images_per_second", .double(progress.imagesPerSecond)),
                    .init("eta_seconds", progress.etaSeconds.map(ResultValue.double) ?? .null),
                ])
        case .metric(let step, let epoch, let values):
            self.init(
                nil, "metric",
                [.init("step", .int(step)), .init("epoch", .double(epoch))]
                    + values.map { .init($0.key, .double($0.value)) })
        case .checkpoint(let step, let path, let size):
            self.init(
                "checkpoint of step \(step): \(path)", "checkpoint",
                [.init("step", .int(step)), .init("path", .string(path)), .init("size_bytes", .int(size))])
        case .warning(let code, let message):
            self.init(message, "warning", [.init("code", .string(code)), .init("message", .string(message))])
        case .resumed(let step):
            self.init("going on from the checkpoint of step \(step)", "resumed", [.init("step", .int(step))])
        case .end(let outcome, let step):
            self.init(
                Self.sentence(outcome, step: step), "end",
                [.init("outcome", .string(outcome.rawValue)), .init("step", .int(step))])
        }
    }

    private static func sentence(_ outcome: TrainingOutcome, step: Int) -> String? {
        switch outcome {
        case .succeeded: "trained \(step) steps; the weights are in model.safetensors"
        case .alreadyFinished: "the run in this directory is finished, after \(step) steps"
        // The command says how to go on.
        case .stopped: nil
        }
    }

    private init(_ message: String?, _ event: String, _ members: [ResultValue.Member]) {
        self.init(progress: nil, event, members, message: message)
    }

    private init(
        progress: Progress?, _ event: String, _ members: [ResultValue.Member], message: String? = nil
    ) {
        self.progress = progress
        self.message = message
        value = .object([.init("event", .string(event))] + members)
    }
}
