package import Engine

extension AnalysisKind {
    /// What a plain network and photographs in folders do not answer: it takes a pooling, a classifier, a decoder
    /// or masks.
    package static let particular: Set<AnalysisKind> = [
        .poolingAttention, .logitLens, .relevance, .reconstruction, .segmentationProbe,
    ]
}
