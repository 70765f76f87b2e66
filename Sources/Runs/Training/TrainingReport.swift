public import JSON
public import Training

/// What a run tells while it goes: a line for programs, and for people how far it is.
public struct TrainingReport: Sendable {
    /// The progress at the last step, where this reports one.
    public let progress: TrainingProgress?
    /// A sentence for people, where there is something to say beside the progress.
    public let message: String?
    /// The event as JSON.
    public let value: JSONValue

    init(_ event: TrainingEvent) {
        switch event {
        case .progress(let progress):
            self.init(
                progress: progress,
                "progress",
                [
                    .init("fraction", .double(progress.fraction)), .init("epoch", .int(progress.epoch)),
                    .init("epochs", .int(progress.epochs)), .init("step", .int(progress.step)),
                    .init("steps", .int(progress.steps)), .init("images_per_second", .double(progress.imagesPerSecond)),
                    .init("eta_seconds", progress.etaSeconds.map(JSONValue.double) ?? .null),
                ])
        case .metric(let line, let step, let epoch, let values):
            self.init(
                nil, "metric",
                [.init("line", .int(line)), .init("step", .int(step)), .init("epoch", .double(epoch))]
                    + values.map { .init($0.key, .double($0.value)) })
        case .checkpoint(let step, let path, let size):
            self.init(
                "checkpoint of step \(step): \(path)", "checkpoint",
                [.init("step", .int(step)), .init("path", .string(path)), .init("size_bytes", .int(size))])
        case .snapshot(let step, let epoch, let path):
            self.init(
                "weights of step \(step) for analyses: \(path)", "snapshot",
                [.init("step", .int(step)), .init("epoch", .double(epoch)), .init("path", .string(path))])
        case .warning(let code, let message):
            self.init(message, "warning", [.init("code", .string(code)), .init("message", .string(message))])
        case .resumed(let step):
            self.init("going on from the checkpoint of step \(step)", "resumed", [.init("step", .int(step))])
        case .end(let outcome, let step, let early):
            self.init(
                Self.sentence(outcome, step: step, early: early), "end",
                [.init("outcome", .string(outcome.rawValue)), .init("step", .int(step))]
                    + (early.map { [.init("stopped_early", .string($0))] } ?? []))
        }
    }

    private static func sentence(_ outcome: TrainingOutcome, step: Int, early: String?) -> String? {
        let why = early.map { ", content because \($0)" } ?? ""
        return switch outcome {
        case .succeeded: "trained \(step) steps\(why); the weights are in model.safetensors"
        case .alreadyFinished: "the run in this directory is finished, after \(step) steps\(why)"
        // The command says how to go on.
        case .stopped: nil
        }
    }

    private init(_ message: String?, _ event: String, _ members: [JSONValue.Member]) {
        self.init(progress: nil, event, members, message: message)
    }

    private init(progress: TrainingProgress?, _ event: String, _ members: [JSONValue.Member], message: String? = nil) {
        self.progress = progress
        self.message = message
        value = .object([.init("event", .string(event))] + members)
    }
}
