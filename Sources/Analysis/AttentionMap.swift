import Models
public import Platform
public import Tensors

/// Attention as people look at it: rows of some queries, over the patches or over all tokens, head by head or fused.
///
/// Fusing, over heads and over queries, comes last: `head=mean` is the mean of what `head=all` gives, number by number.
/// The maximum or minimum of rows that add up to 1 need not add up to 1.
public struct AttentionMap: Sendable {
    /// What is done to a row.
    public enum Normalization: String, Sendable, Hashable, CaseIterable {
        /// The prefix keys are dropped and the row is divided by its sum. A row with nothing on the patches becomes
        /// uniform.
        case patches
        /// The row stays as the softmax made it, over all tokens.
        case none
    }

    /// The maps of a batch.
    public struct Maps: Sendable {
        /// (batch, heads, queries, rows, cols) over the patches, (batch, heads, queries, tokens) without normalization.
        public let attention: Tensor
        /// Rows with nothing on the patches, which became uniform.
        public let emptyRows: Int
    }

    public let query: AttentionQuery
    public let fusion: HeadFusion?
    public let normalization: Normalization
    public let layout: TokenLayout
    /// Tokens whose rows are needed, for `AttentionSelection.queries`; nil for all.
    public let queries: [Int]?

    /// - Parameters:
    ///   - fusion: how heads become one, or nil to keep them apart.
    /// - Throws: `AnalysisError.patchOutside` or `.noClassToken` where `layout` has no such query.
    public init(
        query: AttentionQuery, fusion: HeadFusion? = nil, normalization: Normalization = .patches, layout: TokenLayout
    ) throws(AnalysisError) {
        self.query = query
        self.fusion = fusion
        self.normalization = normalization
        self.layout = layout
        switch query {
        case .cls:
            guard layout.classToken, layout.numPrefixTokens > 0 else { throw .noClassToken }
            queries = [0]
        case .patch(let row, let col):
            guard row >= 0, row < layout.grid.rows, col >= 0, col < layout.grid.cols else {
                throw .patchOutside(row: row, col: col, grid: layout.grid)
            }
            queries = [layout.numPrefixTokens + row * layout.grid.cols + col]
        case .mean: queries = Array(layout.patches)
        case .all: queries = normalization == .patches ? Array(layout.patches) : nil
        }
    }

    /// The maps of `attention` (batch, heads, queries, tokens), whose queries are all tokens or exactly `queries`.
    public func maps(_ attention: Tensor, pool: ThreadPool) -> Maps {
        precondition(
            attention.shape.count == 4 && attention.shape[3] == layout.numTokens, "no \(layout.numTokens) tokens")
        var maps = attention
        if let queries, attention.shape[2] == layout.numTokens { maps = attention.selectingQueries(queries) }
        precondition(
            maps.shape[2] == queries?.count ?? layout.numTokens, "these are not the queries that were asked for")
        return Self.looking(
            at: maps, averaging: query == .mean, fusion: fusion, normalization: normalization, layout: layout,
            pool: pool)
    }

    /// The map of a query that is no token, as a pooling by attention has it.
    ///
    /// - Parameter attention: (batch, heads, 1, tokens).
    public static func ofPooling(
        _ attention: Tensor, fusion: HeadFusion?, normalization: Normalization, layout: TokenLayout, pool: ThreadPool
    ) -> Maps {
        precondition(attention.shape.count == 4 && attention.shape[3] == layout.numTokens, "no map of these tokens")
        return looking(
            at: attention, averaging: false, fusion: fusion, normalization: normalization, layout: layout, pool: pool)
    }

    private static func looking(
        at rows: Tensor, averaging: Bool, fusion: HeadFusion?, normalization: Normalization, layout: TokenLayout,
        pool: ThreadPool
    ) -> Maps {
        var maps = rows, emptyRows = 0
        if normalization == .patches {
            (maps, emptyRows) = maps.attentionRows(
                droppingKeys: layout.numPrefixTokens, eps: AttentionDistance.eps, pool: pool)
        }
        if averaging { maps = maps.meanQuery(pool: pool) }
        if let fusion { maps = maps.fusingHeads(fusion, pool: pool) }
        if normalization == .patches {
            maps = maps.reshaped(maps.shape.dropLast() + [layout.grid.rows, layout.grid.cols])
        }
        return Maps(attention: maps, emptyRows: emptyRows)
    }

    /// Which patches together hold the largest `share` of a row's attention: DINO's view of what a head looks at.
    ///
    /// - Parameters:
    ///   - row: weights, none negative.
    ///   - share: 0…1 of their sum.
    /// - Returns: nil where a weight is not finite.
    public static func mask(_ row: [Float], share: Double) -> [Bool]? {
        guard row.allSatisfy(\.isFinite) else { return nil }
        let order = row.indices.sorted { (row[$0], $0) < (row[$1], $1) }
        let total = row.reduce(0) { $0 + Double($1) }
        var mask = [Bool](repeating: false, count: row.count), sum = 0.0
        for index in order {
            sum += Double(row[index])
            mask[index] = sum > (1 - share) * total
        }
        return mask
    }
}
