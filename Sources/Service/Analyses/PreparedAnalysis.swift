/// An analysis whose parameters were checked and whose model and images were found.
public struct PreparedAnalysis: Sendable {
    /// SHA-256 over everything that decides the numbers: the result's permanent name and the heart of its ETag.
    public let id: String
    public let kind: AnalysisKind
}
