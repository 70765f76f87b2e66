import Analysis
package import Catalogue

/// Makes the task of each kind of analysis.
package enum AnalysisTasks {
    /// Reads the parameters; nil, with a fault noted, where they do not fit.
    ///
    /// - Parameters:
    ///   - models: two where two are compared, one otherwise.
    ///   - images: how many there are.
    package static func read(
        _ kind: AnalysisKind, _ parameters: inout ParameterReader, _ models: [NamedModel], images: Int
    ) -> (any AnalysisTask)? {
        guard let first = models.first, let last = models.last else { return nil }
        return switch kind {
        case .attention: AttentionTask.read(&parameters, first)
        case .rollout: RolloutTask.read(&parameters, first)
        case .gradientRollout: GradientRolloutTask.read(&parameters, first, images: images)
        case .attentionDistance: AttentionMetricTask.read(.distance, &parameters, first)
        case .attentionNMI: AttentionMetricTask.read(.nmi, &parameters, first)
        case .attentionEntropy: AttentionMetricTask.read(.entropy, &parameters, first)
        case .fourier: fourier(&parameters, first, images: images)
        case .attentionSimilarity, .clsAttention, .featureVariance, .tokenSimilarity, .tokenNorms,
            .tokenDisplacement, .singularValues:
            representation(kind, &parameters, first)
        case .pca: PCATask.read(&parameters, first, images: images)
        case .tsne: TSNETask.read(&parameters, first, images: images)
        case .linearProbe: LinearProbeTask.read(&parameters, first)
        case .knn: KNNTask.read(&parameters, first)
        case .frequencyRobustness: FrequencyRobustnessTask.read(&parameters, first)
        case .shapeBias: ShapeBiasTask.read(&parameters, first)
        case .lesion: LesionTask.read(&parameters, first)
        case .cka: CKATask.read(&parameters, a: first, b: last, images: images)
        case .alignment: AlignmentTask.read(&parameters, a: first, b: last, images: images)
        }
    }

    private static func fourier(
        _ parameters: inout ParameterReader, _ model: NamedModel, images: Int
    ) -> (any AnalysisTask)? {
        switch parameters.choice("part", default: AutoencoderPart.encoder) {
        case .decoder: return DecoderFourierTask.read(&parameters, model, images: images)
        case .encoder:
            for name in ["mask_ratio", "seed", "decoder_heads"] where parameters.text(name) != nil {
                parameters.add(name, "\(name) belongs to part=decoder.")
            }
            return FourierTask.read(&parameters, model)
        }
    }
}
