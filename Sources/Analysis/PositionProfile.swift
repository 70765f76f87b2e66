public import Models
public import Platform
public import Tensors

/// What a network's positions say of two places, before it has seen an image (docs/science.md#position-similarity).
public struct PositionProfile: Sendable {
    public let grid: GridSize
    /// The distance of each pair of patches between their centres, in patches, rounded: (patches, patches), row-major.
    private let distances: [Int]
    /// How many distances there are, from 0.
    public let count: Int

    public init(grid: GridSize) {
        self.grid = grid
        var distances: [Int] = []
        distances.reserveCapacity(grid.count * grid.count)
        for a in 0..<grid.count {
            for b in 0..<grid.count {
                let down = a / grid.cols - b / grid.cols, right = a % grid.cols - b % grid.cols
                // No whole number has a root that ends in one half, so there are no ties.
                let root = Double(down * down + right * right).squareRoot()
                distances.append(Int(rounding: root, .toNearestOrEven) ?? 0)
            }
        }
        self.distances = distances
        count = (distances.max() ?? 0) + 1
    }

    /// The mean over the pairs of each distance of `pairs`, (patches, patches), row-major.
    public func byDistance(_ pairs: [Double]) -> [Double] {
        precondition(pairs.count == distances.count, "these are not pairs of patches")
        var sums = [Double](repeating: 0, count: count), counts = [Double](repeating: 0, count: count)
        for (distance, number) in zip(distances, pairs) {
            sums[distance] += number
            counts[distance] += 1
        }
        return zip(sums, counts).map { $0 / $1 }
    }

    /// Cosines of every position with every other: (patches, patches), row-major. NaN where one is zero, or not finite.
    ///
    /// - Parameters:
    ///   - positions: (patches, embedDim), what is added to the patches.
    ///   - isCentred: whether their mean is subtracted first, which all patches share.
    public func cosines(_ positions: Tensor, isCentred: Bool, pool: ThreadPool) -> [Double] {
        precondition(positions.shape.count == 2 && positions.shape[0] == grid.count, "not a position a patch")
        let all = DoubleMatrix(positions), centred = isCentred ? all.columnCentered() : all
        // What is left of equal positions is rounding, and has no direction.
        if isCentred, Spread.isRounding(centred.squaredNorm, of: all.squaredNorm) {
            return [Double](repeating: .nan, count: grid.count * grid.count)
        }
        let unit = centred.unitRows()
        return unit.productTransposed(unit, pool: pool).values
    }

    /// What turning leaves, on the mean over directions, of the product of a query with an equal key: the trace of
    /// R_qᵀR_k over the width of a head, (heads, patches, patches) of one table for all heads or one for each.
    public func turning(_ tables: RotaryTables, pool: ThreadPool) -> [[Double]] {
        let (heads, patches, width) = (tables.cosines.shape[0], tables.cosines.shape[1], tables.cosines.shape[2])
        precondition(patches == grid.count, "these are not the angles of the patches")
        return (0..<heads).map { head in
            let cosines = DoubleMatrix(tables.cosines.part(head)), sines = DoubleMatrix(tables.sines.part(head))
            // Whatever pairs are turned together: column by column of R the products add up to this.
            let products = zip(
                cosines.productTransposed(cosines, pool: pool).values,
                sines.productTransposed(sines, pool: pool).values)
            return products.map { ($0 + $1) / Double(width) }
        }
    }

    /// The biases between patches of each head: (heads, patches, patches).
    ///
    /// - Parameter bias: (heads, tokens, tokens), prefix tokens first.
    public func biases(_ bias: Tensor) -> [[Double]] {
        let tokens = bias.shape[1], first = tokens - grid.count
        precondition(bias.shape.count == 3 && bias.shape[2] == tokens && first >= 0, "not the biases of the tokens")
        return (0..<bias.shape[0]).map { head in
            let rows = bias.part(head)
            return (first..<tokens).flatMap { query in
                (first..<tokens).map { Double(rows[flat: query * tokens + $0]) }
            }
        }
    }
}
