package import JSON

/// What an analysis job has to look at.
package struct SnapshotRequest: Sendable, Equatable {
    /// The snapshot, relative to the parent's folder.
    package let model: String
    package let step: Int
    package let epoch: Double
    package let probeSet: String
    /// Kinds of analyses.
    package let metrics: [String]

    package init(model: String, step: Int, epoch: Double, probeSet: String, metrics: [String]) {
        self.model = model
        self.step = step
        self.epoch = epoch
        self.probeSet = probeSet
        self.metrics = metrics
    }

    /// Nil for a body that is no such thing, or whose snapshot would lie elsewhere.
    package init?(_ value: JSONValue) {
        guard let model = value["model"]?.string, model.hasPrefix("snapshots/"), !model.contains(".."),
            let step = value["step"]?.int, step >= 0, let epoch = value["epoch"]?.double,
            let probeSet = value["probe_set"]?.string,
            let metrics = value["metrics"]?.list?.compactMap(\.string)
        else { return nil }
        self.init(model: model, step: step, epoch: epoch, probeSet: probeSet, metrics: metrics)
    }

    package var field: JSONValue {
        .object([
            .init("model", .string(model)), .init("step", .int(step)), .init("epoch", .double(epoch)),
            .init("probe_set", .string(probeSet)), .init("metrics", .strings(metrics)),
        ])
    }
}
