import Checkpoints
import Platform

/// A line of `metrics.jsonl`.
struct MetricLine: Sendable, Equatable {
    let step: Int
    let epoch: Double
    let values: [Metric]

    init(step: Int, epoch: Double, values: [Metric]) {
        self.step = step
        self.epoch = epoch
        self.values = values
    }

    /// Nil for what is no such line.
    init?(_ line: [UInt8]) {
        guard let value = try? JSON.parse(Bytes(line)), let step = value["step"]?.int, let fields = value.dictionary
        else { return nil }
        self.step = step
        epoch = value["epoch"]?.double ?? 0
        values = fields.compactMap { key, value in
            guard let key = key.string, key != "step", key != "epoch" else { return nil }
            // What is no number was written as null.
            return Metric(key, value.double ?? .nan)
        }
    }

    /// The line, without its end.
    var text: String {
        CanonicalJSON.line(
            .object(
                [("step", .int(step)), ("epoch", .double(epoch))] + values.map { ($0.key, .double($0.value)) }))
    }

    /// Whether it tells of images that the model does not learn from.
    var isValidation: Bool { values.contains { $0.key.hasPrefix("val_") } }
}
