/// Results by id.
package typealias ResultCache = ByteBudgetCache<String, AnalysisResult>

extension ResultCache {
    /// What is remembered of the same question.
    package func remembered(_ analysis: PreparedAnalysis) -> AnalysisResult? {
        value(for: analysis.id)?.found(for: analysis)
    }

    /// Remembers a result. A large one would push everything else out.
    package func remember(_ result: AnalysisResult) {
        if result.byteCount <= budget / 8 { insert(result, bytes: result.byteCount, for: result.id) }
    }
}
