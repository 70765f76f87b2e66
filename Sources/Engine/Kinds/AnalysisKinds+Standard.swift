extension AnalysisKinds {
    /// Every kind there is. A new one is a file and a line here.
    public static let standard = AnalysisKinds([
        .attention,
        .attentionRollout,
        .gradientRollout,
        .attentionDistance,
        .attentionNMI,
        .attentionEntropy,
        .attentionSimilarity,
        .clsAttention,
        .poolingAttention,
        .fourier,
        .featureVariance,
        .tokenSimilarity,
        .tokenDisplacement,
        .tokenNorms,
        .singularValues,
        .pca,
        .tsne,
        .linearProbe,
        .knn,
        .frequencyRobustness,
        .shapeBias,
        .lesion,
        .cka,
        .alignment,
    ])
}
