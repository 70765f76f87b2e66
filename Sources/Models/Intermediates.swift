public import Tensors

/// Which heads and query tokens of a block's attention somebody wants to see.
public struct AttentionSelection: Sendable, Hashable {
    /// Heads by index, or nil for all.
    public var heads: [Int]?
    /// Query tokens by index, prefix tokens included, or nil for all.
    public var queries: [Int]?

    /// Every head and query.
    public static let all = AttentionSelection()

    public init(heads: [Int]? = nil, queries: [Int]? = nil) {
        self.heads = heads
        self.queries = queries
    }
}

/// One of the two branches that a block adds to the residual stream.
public enum ResidualBranch: Sendable, Hashable {
    case attention(Int)
    case mlp(Int)
}

/// What a forward pass is asked to show; nothing else is kept, and it stops after the last block that is needed.
public struct IntermediatesRequest: Sendable, Hashable {
    /// 0 = after embedding, i = after block i − 1: (batch, tokens, embedDim) each.
    public var hiddenStates: Set<Int> = []
    /// Block indices: the residual stream after the block's attention, before its MLP: (batch, tokens, embedDim) each.
    public var attentionResiduals: Set<Int> = []
    /// Block indices with what to show of each: (batch, heads, queries, tokens) each, after the softmax.
    public var attentions: [Int: AttentionSelection] = [:]
    /// Block indices: attention times values before the projection: (batch, heads, tokens, headDim) each.
    public var headOutputs: Set<Int> = []
    /// The classifier's output: (batch, numClasses).
    public var logits = false
    /// Of a pooling by attention: its map (batch, heads, 1, tokens) and what it gathers (batch, embedDim).
    public var pooling = false
    /// Branches that add nothing, as if their blocks had none: what they would have shown is still shown.
    public var skipping: Set<ResidualBranch> = []

    public init() {}
}

/// One thing that a forward pass shows.
public enum Intermediate: Sendable {
    case hiddenState(Int, Tensor)
    case attentionResidual(Int, Tensor)
    case attention(block: Int, Tensor)
    case headOutput(block: Int, Tensor)
    case logits(Tensor)
    case pooling(attention: Tensor, features: Tensor)
}

/// Everything that a forward pass was asked to show.
public struct Intermediates: Sendable {
    public var hiddenStates: [Int: Tensor] = [:]
    public var attentionResiduals: [Int: Tensor] = [:]
    public var attentions: [Int: Tensor] = [:]
    public var headOutputs: [Int: Tensor] = [:]
    public var logits: Tensor?
    public var poolingAttention: Tensor?
    public var pooledFeatures: Tensor?

    public init() {}

    /// Keeps `intermediate`.
    public mutating func add(_ intermediate: Intermediate) {
        switch intermediate {
        case .hiddenState(let index, let tensor): hiddenStates[index] = tensor
        case .attentionResidual(let block, let tensor): attentionResiduals[block] = tensor
        case .attention(let block, let tensor): attentions[block] = tensor
        case .headOutput(let block, let tensor): headOutputs[block] = tensor
        case .logits(let tensor): logits = tensor
        case .pooling(let attention, let features): (poolingAttention, pooledFeatures) = (attention, features)
        }
    }
}
