import Models
public import Platform
public import Tensors

/// What stands for an image, or for its patches, when representations are compared. Raw values are those of the HTTP
/// interface.
public enum TokenFeatures: String, Sendable, Hashable, CaseIterable {
    /// The class token: a sample an image.
    case cls
    /// The mean patch token: a sample an image.
    case patchMean = "patch_mean"
    /// Every patch token: as many samples an image as there are patches, images one after another.
    case patches

    /// Samples an image.
    public func samples(_ layout: TokenLayout) -> Int { self == .patches ? layout.grid.count : 1 }

    /// - Throws: `AnalysisError.noClassToken` where it is asked for and missing.
    public func check(_ layout: TokenLayout) throws(AnalysisError) {
        if self == .cls, !layout.classToken || layout.numPrefixTokens == 0 { throw .noClassToken }
    }

    /// Features (samples, embedDim) of `hiddenState` (batch, tokens, embedDim).
    ///
    /// - Throws: `AnalysisError.noClassToken` where it is asked for and missing.
    public func features(
        _ hiddenState: Tensor, layout: TokenLayout, pool: ThreadPool
    ) throws(AnalysisError) -> DoubleMatrix {
        try check(layout)
        precondition(
            hiddenState.shape.count == 3 && hiddenState.shape[1] == layout.numTokens, "no \(layout.numTokens) tokens")
        return switch self {
        case .cls: DoubleMatrix(tokens: hiddenState, in: 0..<1)
        case .patchMean: DoubleMatrix(meanOf: hiddenState, from: layout.numPrefixTokens, pool: pool)
        case .patches: DoubleMatrix(tokens: hiddenState, in: layout.patches)
        }
    }
}
