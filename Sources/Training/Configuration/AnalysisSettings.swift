import JSON

/// What is looked at while a model trains, and how often. It changes nothing that is learned.
public struct AnalysisSettings: Sendable, Hashable {
    /// Epochs between two snapshots.
    public let everyEpochs: Int
    /// The images that every snapshot is shown.
    public let probeSet: String
    /// In the order in which they were asked for.
    public let metrics: [AnalysisMetric]

    public init(everyEpochs: Int, probeSet: String, metrics: [AnalysisMetric] = AnalysisMetric.standard) {
        precondition(everyEpochs > 0 && !metrics.isEmpty, "an analysis has an interval and a metric")
        self.everyEpochs = everyEpochs
        self.probeSet = probeSet
        self.metrics = metrics
    }

    /// Reads `analysis`; nil where it is not there.
    init?(_ outer: JSONReader) {
        guard let value = outer.value("analysis") else { return nil }
        guard value.object != nil else {
            outer.fault("analysis", "analysis must be an object with every_epochs and probe_set.")
            return nil
        }
        let reader = outer.object("analysis")
        let everyEpochs = reader.int("every_epochs", default: 5, in: 1...1_000_000)
        if !reader.has("probe_set") {
            reader.fault("probe_set", "Analyses need a probe_set; GET /v1/probe-sets lists those there are.")
        }
        let probeSet = reader.optionalText("probe_set", longest: 128) ?? ""
        let metrics = reader.choices("metrics", default: AnalysisMetric.standard)
        reader.finish()
        self.init(everyEpochs: everyEpochs, probeSet: probeSet, metrics: metrics)
    }
}
