extension AnalysisTasks {
    /// Changes something, and looks at what changes; nil, with a fault noted, where the parameters do not fit.
    static func intervention(
        _ kind: AnalysisKind, _ parameters: inout ParameterReader, _ model: NamedModel
    ) -> (any AnalysisTask)? {
        switch kind {
        default: nil
        }
    }
}
