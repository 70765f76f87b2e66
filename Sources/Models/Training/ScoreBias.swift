import Tensors

/// The relative position bias of a network while its tables change: from tables to biases on the scores, and back.
struct ScoreBias: Sendable {
    /// For each (query, key) the row of a table.
    private let index: [Int]
    private let tokens: Int
    /// None, one for all blocks, or one a block.
    private let tables: [Parameter]

    init(_ config: VisionTransformerConfig, tables: [Parameter]) {
        self.tables = tables
        index = tables.isEmpty ? [] : RelativePositionBias.index(config.grid)
        tokens = config.grid.count + 1
    }

    /// The biases (numHeads, tokens, tokens), as many as tables.
    func forward(_ weights: ParameterBuffer) -> [Tensor] {
        tables.map { RelativePositionBias.expand(weights.tensor($0), index: index, tokens: tokens) }
    }

    /// Which of the biases block `block` adds; nil without any.
    func place(of block: Int) -> Int? { tables.isEmpty ? nil : tables.count == 1 ? 0 : block }

    /// Adds the gradients at the tables, given those at the biases.
    func backward(_ dBiases: [Tensor], gradients: inout ParameterBuffer) {
        for (table, dBias) in zip(tables, dBiases) {
            let heads = table.shape[1], numbers = dBias.array
            var sums = [Float](repeating: 0, count: table.count)
            for head in 0..<heads {
                for place in index.indices { sums[index[place] * heads + head] += numbers[head * index.count + place] }
            }
            gradients.add(Tensor(shape: table.shape, sums), to: table)
        }
    }
}
