/// The last thing in the network that somebody needs: everything up to it is computed, nothing after it.
enum Stop: Comparable {
    case embedding
    /// The maps of a block's attention.
    case attention(Int)
    /// The residual stream after a block's attention.
    case attentionResidual(Int)
    /// A block's output.
    case block(Int)

    private var order: Int {
        switch self {
        case .embedding: -1
        case .attention(let block): 3 * block
        case .attentionResidual(let block): 3 * block + 1
        case .block(let block): 3 * block + 2
        }
    }

    static func < (a: Stop, b: Stop) -> Bool { a.order < b.order }
}

extension IntermediatesRequest {
    /// Where a network of `depth` blocks may stop.
    func lastStop(depth: Int) -> Stop {
        var stops: [Stop] = [.embedding]
        stops += hiddenStates.map { $0 == 0 ? .embedding : .block($0 - 1) }
        stops += attentionResiduals.map { .attentionResidual($0) }
        stops += attentions.keys.map { .attention($0) } + headOutputs.map { .attention($0) }
        if logits || pooling { stops.append(.block(depth - 1)) }
        return stops.max() ?? .embedding
    }

    /// What is wanted of block `index` in a pass that ends at `stop`.
    func wanted(of index: Int, stop: Stop) -> Block.Wanted {
        Block.Wanted(
            attention: attentions[index], headOutput: headOutputs.contains(index),
            attentionResidual: attentionResiduals.contains(index), goesOn: stop > .attention(index),
            needsMLP: stop > .attentionResidual(index), addsAttention: !skipping.contains(.attention(index)),
            addsMLP: !skipping.contains(.mlp(index)))
    }
}
