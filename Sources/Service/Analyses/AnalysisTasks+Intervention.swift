extension AnalysisTasks {
    /// Changes something, and looks at what changes; nil, with a fault noted, where the parameters do not fit.
    static func intervention(
        _ kind: AnalysisKind, _ parameters: inout ParameterReader, _ model: NamedModel
    ) -> (any AnalysisTask)? {
        switch kind {
        case .frequencyRobustness: FrequencyRobustnessTask.read(&parameters, model)
        case .shapeBias: ShapeBiasTask.read(&parameters, model)
        case .lesion: LesionTask.read(&parameters, model)
        case .gradientRollout: refused(kind, &parameters)
        default: nil
        }
    }

    /// Models in memory keep their weights packed for the way forward, and a gradient needs the way back.
    private static func refused(_ kind: AnalysisKind, _ parameters: inout ParameterReader) -> (any AnalysisTask)? {
        parameters.add(
            "target",
            "Gradients of a loaded model cannot be computed here, so there is no \(kind.rawValue). "
                + "Ask for attention-rollout, which needs none.")
        return nil
    }
}
