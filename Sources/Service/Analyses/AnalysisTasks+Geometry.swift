extension AnalysisTasks {
    /// Looks at where images and tokens lie; nil, with a fault noted, where the parameters do not fit.
    static func geometry(
        _ kind: AnalysisKind, _ parameters: inout ParameterReader, a: NamedModel, b: NamedModel
    ) -> (any AnalysisTask)? {
        switch kind {
        default: nil
        }
    }
}
