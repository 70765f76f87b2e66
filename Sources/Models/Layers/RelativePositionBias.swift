import Tensors

/// BEiT's bias on attention scores: one number for each offset between two patches and head, and three for the pairs
/// with the class token (Bao et al. 2022; docs/science.md#layout-simmim for the rows).
package enum RelativePositionBias {
    /// Rows of a table for `grid`.
    package static func entries(_ grid: GridSize) -> Int { (2 * grid.rows - 1) * (2 * grid.cols - 1) + 3 }

    /// For each (query, key) of the class token and the patches, row-major, the row of the table.
    package static func index(_ grid: GridSize) -> [Int] {
        let tokens = grid.count + 1, count = entries(grid)
        var index = [Int](repeating: 0, count: tokens * tokens)
        for query in 0..<tokens {
            for key in 0..<tokens {
                let entry: Int
                switch (query, key) {
                case (0, 0): entry = count - 1
                case (0, _): entry = count - 3
                case (_, 0): entry = count - 2
                default:
                    let (i, j) = (query - 1, key - 1)
                    let down = i / grid.cols - j / grid.cols + grid.rows - 1
                    let right = i % grid.cols - j % grid.cols + grid.cols - 1
                    entry = down * (2 * grid.cols - 1) + right
                }
                index[query * tokens + key] = entry
            }
        }
        return index
    }

    /// The bias (numHeads, tokens, tokens) that `table` (entries, numHeads) stands for.
    static func expand(_ table: Tensor, grid: GridSize) -> Tensor {
        expand(table, index: index(grid), tokens: grid.count + 1)
    }

    /// The same, where `index` of the grid with so many `tokens` is known.
    static func expand(_ table: Tensor, index: [Int], tokens: Int) -> Tensor {
        let heads = table.shape[1], numbers = table.array
        var bias = [Float](repeating: 0, count: heads * index.count)
        for head in 0..<heads {
            for (place, entry) in index.enumerated() {
                bias[head * index.count + place] = numbers[entry * heads + head]
            }
        }
        return Tensor(shape: [heads, tokens, tokens], bias)
    }
}
