import Checkpoints

/// A line of `metrics.jsonl`.
enum MetricLine {
    static func text(step: Int, epoch: Double, values: [Metric]) -> String {
        CanonicalJSON.line(
            .object(
                [("step", .int(step)), ("epoch", .double(epoch))] + values.map { ($0.key, .double($0.value)) }))
    }
}
