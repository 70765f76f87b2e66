import JSON

/// When a run is content with what it has: a metric is below or above a number.
///
/// Metrics of training are judged by the trainer at each line of metrics, those of analyses by whoever measures them.
public struct StopRule: Sendable, Hashable {
    /// In JSON's spelling: a metric of training such as `loss`, or an analysis.
    public let metric: String
    /// Of an analysis: the place on its axis of layers, negative ones from the end.
    public let layer: Int?
    /// Exactly one of both is there.
    public let below: Double?
    public let above: Double?
    /// Not judged before that many epochs are done.
    public let afterEpochs: Double

    /// - Parameters:
    ///   - layer: the last one, where `metric` is an analysis and nothing is said.
    ///   - below, above: one of them.
    public init(
        metric: String, layer: Int? = nil, below: Double? = nil, above: Double? = nil, afterEpochs: Double = 0
    ) {
        precondition((below == nil) != (above == nil), "a rule has one bound")
        self.metric = metric
        self.layer = AnalysisMetric(rawValue: metric) == nil ? nil : layer ?? -1
        self.below = below
        self.above = above
        self.afterEpochs = afterEpochs
    }

    /// The analysis that is judged; nil for a metric of training.
    public var analysis: AnalysisMetric? { AnalysisMetric(rawValue: metric) }

    /// Whether `value` after `epoch` epochs meets the rule. What is no number meets none.
    public func isMet(by value: Double, epoch: Double) -> Bool {
        guard value.isFinite, epoch >= afterEpochs else { return false }
        if let below { return value < below }
        if let above { return value > above }
        return false
    }

    /// The value of the rule's layer among those of all layers, where that meets the rule.
    ///
    /// - Parameter values: in the order of the layers.
    public func valueMeeting(among values: [Double], epoch: Double) -> Double? {
        guard let layer else { return nil }
        let place = layer < 0 ? values.count + layer : layer
        guard values.indices.contains(place), isMet(by: values[place], epoch: epoch) else { return nil }
        return values[place]
    }

    /// Why a run that met the rule ended.
    public func reason(_ value: Double, step: Int) -> String {
        let subject = metric + (layer.map { " of layer \($0)" } ?? "")
        let bound = below.map { "below \($0)" } ?? above.map { "above \($0)" } ?? ""
        return "\(subject) was \(value) at step \(step), which is \(bound)"
    }
}

extension StopRule {
    private typealias Own = JobSetting.Stop

    /// Reads `stop_when`.
    ///
    /// - Parameters:
    ///   - analysis: the analyses of the run.
    ///   - known: the metrics of training that the run writes.
    ///   - depth: of the encoder, where it is known.
    static func read(
        _ outer: JSONReader, analysis: AnalysisSettings?, known: [String], depth: Int?
    ) -> [StopRule] {
        let readers = outer.objects(.stopWhen)
        let rules = readers.compactMap { reader in
            let rule = read(reader, analysis, known, depth)
            reader.finish()
            return rule
        }
        if !readers.isEmpty { outer.record(.stopWhen, .list(readers.map { .object($0.resolved) })) }
        return rules
    }

    private static func read(
        _ reader: JSONReader, _ analysis: AnalysisSettings?, _ known: [String], _ depth: Int?
    ) -> StopRule? {
        if !reader.has(Own.metric) { reader.fault(Own.metric, "A rule needs a metric, such as loss or attention-nmi.") }
        let metric = reader.optionalText(Own.metric)
        let found = metric.flatMap { AnalysisMetric(rawValue: $0) }
        if let metric { check(metric, found, reader, analysis, known) }
        let layer = reader.optionalInt(Own.layer)
        if found != nil {
            reader.record(Own.layer, .int(layer ?? -1))
            // An axis has the blocks, or the embedding as well.
            if let layer, let depth, !(-depth - 1...depth).contains(layer) {
                reader.fault(Own.layer, "There is no layer \(layer): the encoder has \(depth) blocks.")
            }
        } else if layer != nil, metric != nil {
            reader.fault(Own.layer, "Only analyses have layers; a metric of training has none.")
        }
        let below = reader.optionalNumber(Own.below)
        let above = reader.optionalNumber(Own.above)
        if reader.has(Own.below), reader.has(Own.above) {
            reader.fault(Own.above, "A rule has one bound, below or above; two rules have two.")
            return nil
        }
        if !reader.has(Own.below), !reader.has(Own.above) {
            reader.fault("", "A rule needs a bound: below or above.")
            return nil
        }
        let afterEpochs = reader.number(Own.afterEpochs)
        guard let metric, (below == nil) != (above == nil) else { return nil }
        return StopRule(metric: metric, layer: layer, below: below, above: above, afterEpochs: afterEpochs)
    }

    private static func check(
        _ metric: String, _ found: AnalysisMetric?, _ reader: JSONReader, _ analysis: AnalysisSettings?,
        _ known: [String]
    ) {
        if let found {
            if let analysis, !analysis.metrics.contains(found) {
                reader.fault(Own.metric, "\(metric) is not among the metrics of analysis, so it would not be measured.")
            } else if analysis == nil {
                reader.fault(Own.metric, "\(metric) is measured by analyses; say when and on what in analysis.")
            }
        } else if !known.contains(metric) {
            reader.unknown("metric", metric, among: known + AnalysisMetric.allCases.map(\.rawValue))
        }
    }
}
