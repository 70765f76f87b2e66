/// Which snapshot of a training is looked at, and how.
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
}

extension SnapshotRequest: Codable {
    private enum CodingKeys: String, CodingKey {
        case model, step, epoch, metrics
        case probeSet = "probe_set"
    }

    /// - Throws: `DecodingError`, also for a snapshot that would lie elsewhere.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        model = try container.decode(String.self, forKey: .model)
        step = try container.decode(Int.self, forKey: .step)
        epoch = try container.decode(Double.self, forKey: .epoch)
        probeSet = try container.decode(String.self, forKey: .probeSet)
        metrics = try container.decode([String].self, forKey: .metrics)
        guard model.hasPrefix("snapshots/"), !model.contains(".."), step >= 0 else {
            throw DecodingError.dataCorruptedError(
                forKey: .model, in: container, debugDescription: "“\(model)” is no snapshot of a training.")
        }
    }
}
