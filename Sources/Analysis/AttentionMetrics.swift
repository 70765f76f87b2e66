import Models
public import Platform
public import Tensors

/// A number that sums up an attention map.
public enum AttentionMetric: String, Sendable, Hashable, CaseIterable {
    case distance, nmi, entropy
}

/// Several metrics of the same attention maps in one sweep, which costs little more than reading the maps.
///
/// Prefix tokens are left out, as queries and as keys, and every row is divided by what is left in it. A row without
/// any attention to the patches counts as uniform. Made once for a model and used for all its blocks and batches.
public struct AttentionMetrics: Sendable {
    /// The metrics of one block's maps.
    public struct Values: Sendable {
        public var distance: HeadValues?
        public var nmi: HeadValues?
        public var entropy: HeadValues?
        /// Rows without attention to the patches, which counted as uniform. Known where the distance was asked for.
        public var emptyRows: Int?

        public subscript(metric: AttentionMetric) -> HeadValues? {
            switch metric {
            case .distance: distance
            case .nmi: nmi
            case .entropy: entropy
            }
        }
    }

    public let layout: TokenLayout
    public let metrics: Set<AttentionMetric>
    public let convention: Convention
    private let distances: Tensor
    private let queries: QueryDistribution

    /// - Parameter convention: concerns NMI alone; see `AttentionNMI`.
    public init(_ metrics: Set<AttentionMetric>, layout: TokenLayout, convention: Convention = .corrected) {
        self.layout = layout
        self.metrics = metrics
        self.convention = convention
        queries = QueryDistribution(patches: layout.grid.count, convention)
        distances = metrics.contains(.distance) ? layout.distances() : Tensor.zeros([0, 0])
    }

    /// The metrics of `attention` (batch, heads, queries, tokens), softmaxed. The queries are all tokens, or the
    /// patches alone.
    public func values(_ attention: Tensor, pool: ThreadPool) -> Values {
        let images = attention.shape[0], heads = attention.shape[1], patches = Double(layout.grid.count)
        precondition(attention.shape[3] == layout.numTokens, "\(attention.shape) has no \(layout.numTokens) tokens")
        var wanted: AttentionSums.Wanted = []
        if metrics.contains(.distance) { wanted.insert(.distance) }
        if metrics.contains(.nmi) { wanted.insert(.information) }
        if metrics.contains(.entropy) { wanted.insert(.entropy) }
        let sums = AttentionSums(
            attention, wanted: wanted, distances: distances, numPrefixTokens: layout.numPrefixTokens,
            distanceEps: AttentionDistance.eps, informationEps: AttentionNMI.eps, queryProbability: queries.probability,
            pool: pool)
        func values(_ numbers: [Double]) -> HeadValues { HeadValues(images: images, heads: heads, values: numbers) }
        var result = Values()
        if metrics.contains(.distance) {
            result.distance = values(sums.distances.map { $0 / patches })
            result.emptyRows = sums.emptyRows.reduce(0, +)
        }
        if metrics.contains(.entropy) {
            result.entropy = values(sums.entropies.map { AttentionEntropy.clamp($0 / patches) })
        }
        if metrics.contains(.nmi) {
            result.nmi = values(
                zip(sums.rowEntropies, sums.keyEntropies).map {
                    AttentionNMI.value(rowEntropies: $0, keyEntropy: $1, queries: queries)
                })
        }
        return result
    }
}
