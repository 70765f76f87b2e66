import Analysis

extension AnalysisKind {
    public static let attentionDistance = attentionMetric(
        .distance, "attention-distance", title: "Attention distance",
        summary: "Mean attention distance by layer and head, pixels",
        reading:
            "How far a query looks, averaged over queries, heads and images. Lower = local. Contrastive models stay "
            + "near the dashed line, attention spread evenly, in their later layers; masked models look nearby.",
        whileLearning: "How far queries look, layer by layer, while it learns. Lower = local.")
}
