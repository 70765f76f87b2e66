import CKernels
public import Platform

/// How the maps of several heads become one. Raw values are those of the HTTP interface.
public enum HeadFusion: String, Sendable, Hashable, CaseIterable {
    case mean, max, min

    fileprivate var mode: Int32 {
        switch self {
        case .mean: 0
        case .max: 1
        case .min: 2
        }
    }
}

extension Tensor {
    /// The attention of every row to the keys from `numPrefixTokens` on, plus `eps`, divided by its sum.
    ///
    /// - Returns: (batch, heads, queries, patches) for self (batch, heads, queries, tokens), and how many rows had less
    ///   than patches · eps on those keys.
    public func attentionRows(
        droppingKeys prefix: Int, eps: Double, pool: ThreadPool
    ) -> (rows: Tensor, empty: Int) {
        precondition(shape.count == 4 && prefix >= 0 && prefix < shape[3], "no patch keys in \(shape)")
        let (maps, queries, tokens) = (shape[0] * shape[1], shape[2], shape[3])
        let patches = tokens - prefix
        var empty = [Int](repeating: 0, count: maps)
        let rows = Tensor(shape: [shape[0], shape[1], queries, patches]) { target in
            withUnsafeBufferPointer { source in
                empty.withUnsafeMutableBufferPointer { empty in
                    guard let target = target.baseAddress, let source = source.baseAddress else { return }
                    pool.parallelFor(maps) { index, _ in
                        var without = 0
                        attention_rows(
                            target + index * queries * patches, &without, source + index * queries * tokens + prefix,
                            eps, queries, patches, tokens)
                        empty[index] = without
                    }
                }
            }
        }
        return (rows, empty.reduce(0, +))
    }

    /// The rows of some queries of each map, in order: (batch, heads, selected, keys) for (batch, heads, queries, keys).
    public func selectingQueries(_ queries: [Int]) -> Tensor {
        precondition(shape.count == 4 && queries.allSatisfy { $0 >= 0 && $0 < shape[2] }, "no such query in \(shape)")
        let (maps, keys) = (shape[0] * shape[1], shape[3])
        return Tensor(shape: [shape[0], shape[1], queries.count, keys]) { target in
            withUnsafeBufferPointer { source in
                guard let target = target.baseAddress, let source = source.baseAddress else { return }
                for map in 0..<maps {
                    for (row, query) in queries.enumerated() {
                        (target + (map * queries.count + row) * keys)
                            .update(from: source + (map * shape[2] + query) * keys, count: keys)
                    }
                }
            }
        }
    }

    /// The heads of each image fused, number by number: (batch, 1, queries, keys) for (batch, heads, queries, keys).
    public func fusingHeads(_ fusion: HeadFusion, pool: ThreadPool) -> Tensor {
        precondition(shape.count == 4 && shape[1] > 0, "no heads in \(shape)")
        return fusing(fusion, groups: shape[0], members: shape[1], pool: pool)
            .reshaped([shape[0], 1, shape[2], shape[3]])
    }

    /// The mean row of each map: (batch, heads, 1, keys) for (batch, heads, queries, keys).
    public func meanQuery(pool: ThreadPool) -> Tensor {
        precondition(shape.count == 4 && shape[2] > 0, "no queries in \(shape)")
        return fusing(.mean, groups: shape[0] * shape[1], members: shape[2], pool: pool)
            .reshaped([shape[0], shape[1], 1, shape[3]])
    }

    private func fusing(_ fusion: HeadFusion, groups: Int, members: Int, pool: ThreadPool) -> Tensor {
        let size = groups > 0 ? count / (groups * members) : 0
        return Tensor(shape: [groups, size]) { target in
            withUnsafeBufferPointer { source in
                guard let target = target.baseAddress, let source = source.baseAddress else { return }
                pool.parallelFor(groups) { group, _ in
                    heads_fuse(target + group * size, source + group * members * size, fusion.mode, members, size)
                }
            }
        }
    }
}
