import Platform

/// Whose attention somebody wants to see.
public enum AttentionQuery: Sendable, Hashable {
    /// The class token.
    case cls
    /// The mean over the patch queries.
    case mean
    /// Every query, one after another.
    case all
    /// One patch.
    case patch(row: Int, col: Int)

    /// `cls`, `mean`, `all` or `ROW,COL`; nil for anything else.
    public init?(_ text: String) {
        switch text {
        case "cls": self = .cls
        case "mean": self = .mean
        case "all": self = .all
        default:
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count == 2, let row = Int(parts[0]), let col = Int(parts[1]) else { return nil }
            self = .patch(row: row, col: col)
        }
    }

    /// As it is written in a request.
    public var text: String {
        switch self {
        case .cls: "cls"
        case .mean: "mean"
        case .all: "all"
        case .patch(let row, let col): "\(row),\(col)"
        }
    }
}
