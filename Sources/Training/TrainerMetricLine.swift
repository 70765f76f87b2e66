import JSON
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
        guard let value = try? JSONValue.parse(line), let step = value["step"]?.int, let fields = value.object
        else { return nil }
        self.step = step
        epoch = value["epoch"]?.double ?? 0
        values = fields.compactMap { field in
            guard field.name != "step", field.name != "epoch" else { return nil }
            // What is no number was written as null.
            return Metric(field.name, field.value.double ?? .nan)
        }
    }

    /// The line, without its end.
    var json: [UInt8] {
        let place: [JSONValue.Member] = [.init("step", .int(step)), .init("epoch", .double(epoch))]
        let members = place + values.map { .init($0.key, .double($0.value)) }
        return JSONValue.object(members).canonical
    }

    /// Whether it tells of images that the model does not learn from.
    var isValidation: Bool { values.contains { $0.key.hasPrefix("val_") } }
}
