import Tensors

extension IntermediatesRequest {
    /// Whether it asks for `intermediate`.
    public func asks(for intermediate: Intermediate) -> Bool {
        switch intermediate {
        case .hiddenState(let index, _): hiddenStates.contains(index)
        case .attentionResidual(let block, _): attentionResiduals.contains(block)
        case .attention(let block, _): attentions[block] != nil
        case .headOutput(let block, _): headOutputs.contains(block)
        case .logits: logits
        case .pooling: pooling
        }
    }

    /// What one pass shows that shows everything of both, and perhaps more heads and queries; nil where no pass does,
    /// because other branches are left out.
    public func merged(with other: IntermediatesRequest) -> IntermediatesRequest? {
        guard skipping == other.skipping else { return nil }
        var merged = self
        merged.hiddenStates.formUnion(other.hiddenStates)
        merged.attentionResiduals.formUnion(other.attentionResiduals)
        merged.attentions.merge(other.attentions) { $0 == $1 ? $0 : .all }
        merged.headOutputs.formUnion(other.headOutputs)
        merged.logits = logits || other.logits
        merged.pooling = pooling || other.pooling
        return merged
    }

    /// What of `intermediate`, which a pass for `merged` shows, this request asks for.
    public func own(_ intermediate: Intermediate, of merged: IntermediatesRequest) -> Intermediate {
        guard case .attention(let block, let maps) = intermediate, let selection = attentions[block],
            merged.attentions[block] != selection
        else { return intermediate }
        return .attention(block: block, selection.part(of: maps))
    }
}

extension AttentionSelection {
    /// The selected heads and queries of all: (batch, heads, queries, tokens) from (batch, all heads, all tokens, tokens).
    fileprivate func part(of maps: Tensor) -> Tensor {
        let (batch, all, tokens) = (maps.shape[0], maps.shape[1], maps.shape[2])
        let heads = heads ?? Array(0..<all), queries = queries ?? Array(0..<tokens)
        let rows = maps.reshaped([batch * all * tokens, maps.shape[3]])
        var parts: [Tensor] = []
        for image in 0..<batch {
            for head in heads {
                let first = (image * all + head) * tokens
                // Neighbours go together.
                var start = 0
                while start < queries.count {
                    var end = start + 1
                    while end < queries.count, queries[end] == queries[end - 1] + 1 { end += 1 }
                    parts.append(rows.rows(first + queries[start]..<first + queries[end - 1] + 1))
                    start = end
                }
            }
        }
        return Tensor.concatenating(parts).reshaped([batch, heads.count, queries.count, maps.shape[3]])
    }
}
