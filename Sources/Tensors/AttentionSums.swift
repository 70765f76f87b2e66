import CKernels
public import Platform

/// Sums over the rows of every attention map of a batch, in the order (image, head).
public struct AttentionSums: Sendable {
    /// What to add up. Each costs time of its own, and all are made while a map is in the processor's cache.
    public struct Wanted: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }

        public static let distance = Wanted(rawValue: 1)
        public static let information = Wanted(rawValue: 2)
        public static let entropy = Wanted(rawValue: 4)
    }

    /// Σ over rows of the mean distance to the keys; empty unless wanted.
    public private(set) var distances: [Double] = []
    /// Rows whose patches have next to no attention, an (image, head) each; empty unless the distance was wanted.
    public private(set) var emptyRows: [Int] = []
    /// Σ over rows of the row's entropy after `informationEps` was added, nats; empty unless wanted.
    public private(set) var rowEntropies: [Double] = []
    /// The entropy of the keys, nats: of `queryProbability` times the sum of the rows; empty unless wanted.
    public private(set) var keyEntropies: [Double] = []
    /// Σ over rows of the row's entropy, nats; empty unless wanted.
    public private(set) var entropies: [Double] = []

    /// - Parameters:
    ///   - attention: (batch, heads, queries, tokens); the queries are all tokens, or the patches alone.
    ///   - distances: (patches, patches), for the distance.
    ///   - numPrefixTokens: tokens before the patches, left out; rows are divided by what is left in them.
    ///   - distanceEps: added to every number before the distance.
    ///   - informationEps: likewise for the information.
    ///   - queryProbability: of each query, for the information.
    public init(
        _ attention: Tensor, wanted: Wanted, distances: Tensor, numPrefixTokens prefix: Int, distanceEps: Double,
        informationEps: Double, queryProbability: Double, pool: ThreadPool
    ) {
        precondition(attention.shape.count == 4 && prefix >= 0, "attention is (batch, heads, queries, tokens)")
        let (maps, queries, tokens) =
            (attention.shape[0] * attention.shape[1], attention.shape[2], attention.shape[3])
        let patches = tokens - prefix
        precondition(patches > 0 && (queries == tokens || queries == patches), "the queries are not all patches")
        precondition(
            !wanted.contains(.distance) || distances.shape == [patches, patches], "distances do not fit the patches")
        let first = (queries - patches) * tokens + prefix
        var results = [Double](repeating: 0, count: maps * 4)
        var empty = [Int](repeating: 0, count: maps)
        var scratch = [Double](repeating: 0, count: patches * pool.threads)
        attention.withUnsafeBufferPointer { attention in
            distances.withUnsafeBufferPointer { distances in
                results.withUnsafeMutableBufferPointer { results in
                    empty.withUnsafeMutableBufferPointer { empty in
                        scratch.withUnsafeMutableBufferPointer { scratch in
                            pool.parallelFor(maps) { index, thread in
                                let map = attention.baseAddress! + index * queries * tokens + first
                                let out = results.baseAddress! + index * 4
                                if wanted.contains(.distance) {
                                    var without = 0
                                    attention_distance(
                                        out, &without, map, distances.baseAddress!, distanceEps, patches, tokens)
                                    empty[index] = without
                                }
                                if wanted.contains(.information) {
                                    attention_information(
                                        out + 1, scratch.baseAddress! + thread * patches, map, informationEps,
                                        queryProbability, patches, tokens)
                                }
                                if wanted.contains(.entropy) { attention_entropy(out + 3, map, patches, tokens) }
                            }
                        }
                    }
                }
            }
        }
        func column(_ offset: Int) -> [Double] { (0..<maps).map { results[$0 * 4 + offset] } }
        if wanted.contains(.distance) { (self.distances, emptyRows) = (column(0), empty) }
        if wanted.contains(.information) { (rowEntropies, keyEntropies) = (column(1), column(2)) }
        if wanted.contains(.entropy) { entropies = column(3) }
    }
}
