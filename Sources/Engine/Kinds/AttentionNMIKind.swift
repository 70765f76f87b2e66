import Analysis

extension AnalysisKind {
    public static let attentionNMI = attentionMetric(
        .nmi, "attention-nmi", title: "Normalised mutual information",
        summary: "Normalized mutual information between queries and keys by layer and head",
        reading: "How much a map depends on its query. NMI near 0 = attention collapse: every query attends alike. "
            + "Towards 1, each query has keys of its own.",
        whileLearning: "How much a map depends on its query. A layer that falls towards 0 collapses.")
}
