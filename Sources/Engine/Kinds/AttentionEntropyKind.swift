import Analysis

extension AnalysisKind {
    public static let attentionEntropy = attentionMetric(
        .entropy, "attention-entropy", title: "Attention entropy",
        summary: "Entropy of attention by layer and head, nats",
        reading: "Over how many patches a query spreads. High = broad, up to the dashed line for even spreading; "
            + "low = it picks a few patches.",
        whileLearning: "Over how many patches a query spreads. High = broad.")
}
