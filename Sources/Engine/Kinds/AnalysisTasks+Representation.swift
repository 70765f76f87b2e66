import Catalogue

extension AnalysisTasks {
    /// Looks at attention and representations, without labels; nil, with a fault noted, where the parameters do not fit.
    static func representation(
        _ kind: AnalysisKind, _ parameters: inout ParameterReader, _ model: NamedModel
    ) -> (any AnalysisTask)? {
        func task(_ measure: (some ImageMeasure)?) -> (any AnalysisTask)? {
            measure.map { ImageMeasureTask(model: model, measure: $0) }
        }
        return switch kind {
        case .attentionSimilarity: task(AttentionSimilarityMeasure.read(&parameters, model))
        case .clsAttention: task(AttentionShareMeasure.read(&parameters, model))
        case .featureVariance: task(FeatureVarianceMeasure.read(&parameters, model))
        case .tokenSimilarity: task(TokenSimilarityMeasure.read(&parameters, model))
        case .tokenDisplacement: TokenDisplacementTask.read(&parameters, model)
        case .tokenNorms: task(TokenNormMeasure.read(&parameters, model))
        case .singularValues: SingularValueTask.read(&parameters, model)
        default: nil
        }
    }
}
