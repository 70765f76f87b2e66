package import Engine

extension AnalysisKind {
    /// What a plain network and photographs in folders do not answer: it takes a pooling, a classifier or a decoder.
    package static let particular: Set<AnalysisKind> = [.poolingAttention, .logitLens, .relevance, .reconstruction]
}
