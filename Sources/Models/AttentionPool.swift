/// A pooling by attention on top of a network (Lee et al. 2019; Zhai et al. 2022, section 3): one learned query looks at all
/// normed tokens, and what it gathers goes through an MLP beside which it stays.
public struct AttentionPool: Sendable, Hashable, Codable {
    /// Which need not be those of the blocks.
    public var numHeads: Int
    /// Hidden width of its MLP.
    public var mlpHidden: Int

    public init(numHeads: Int, mlpHidden: Int) {
        self.numHeads = numHeads
        self.mlpHidden = mlpHidden
    }
}
