extension AnalysisTasks {
    /// Looks at attention and representations, without labels; nil, with a fault noted, where the parameters do not fit.
    static func representation(
        _ kind: AnalysisKind, _ parameters: inout ParameterReader, _ model: NamedModel
    ) -> (any AnalysisTask)? {
        switch kind {
        default: nil
        }
    }
}
