/// What can be measured of every layer while a model trains. Raw values are JSON's words.
public enum AnalysisMetric: String, Sendable, Hashable, CaseIterable {
    /// How far attention looks, in pixels.
    case attentionDistance = "attention-distance"
    /// What attention has to do with the query; 0 means collapse.
    case attentionNMI = "attention-nmi"
    case attentionEntropy = "attention-entropy"
    /// High frequencies against low ones.
    case fourier

    /// Those of a job that names none.
    public static let standard: [AnalysisMetric] = [.attentionDistance, .attentionNMI, .fourier]
}
