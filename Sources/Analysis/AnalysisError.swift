public import Models

/// What somebody asked of an analysis that this model cannot give.
public enum AnalysisError: Error, Sendable, Hashable {
    /// A query patch beside the grid.
    case patchOutside(row: Int, col: Int, grid: GridSize)
    /// The class token of a model that has none.
    case noClassToken
    /// A share of entries to discard beyond 0…1.
    case discardRatio(Double)
    /// Representations in which all samples are the same.
    case undefinedAlignment
    /// Representations with numbers that are not finite.
    case notFinite

    /// A sentence for the user.
    public var message: String {
        switch self {
        case .patchOutside(let row, let col, let grid):
            "query \(row),\(col) is outside the grid: rows run from 0 to \(grid.rows - 1), "
                + "columns from 0 to \(grid.cols - 1)"
        case .noClassToken: "this model has no class token; ask for a patch or for the mean instead"
        case .discardRatio(let ratio): "discard_ratio \(ratio) is not between 0 and 1"
        case .undefinedAlignment: "all samples have the same representation here, so nothing can be aligned"
        case .notFinite: "the representation holds numbers that are not finite here, so nothing can be aligned"
        }
    }
}
