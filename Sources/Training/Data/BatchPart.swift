/// Which images of every batch one of several ranks has; each has as many.
public struct BatchPart: Sendable, Hashable {
    public let rank: Int
    public let ranks: Int

    public init(rank: Int, of ranks: Int) {
        precondition(ranks > 0 && (0..<ranks).contains(rank), "there is no rank \(rank) of \(ranks)")
        self.rank = rank
        self.ranks = ranks
    }

    /// All images.
    public static let whole = BatchPart(rank: 0, of: 1)

    /// The places in a batch of `batchSize` images, in order.
    ///
    /// - Parameter pairs: whether each image needs its opposite number from the end, as mixtures do.
    func slots(of batchSize: Int, pairs: Bool) -> [Int] {
        precondition(batchSize.isMultiple(of: pairs && ranks > 1 ? 2 * ranks : ranks), "ranks have as many images each")
        let count = batchSize / ranks
        guard pairs, ranks > 1 else { return Array(rank * count..<(rank + 1) * count) }
        let half = count / 2
        let front = rank * half..<(rank + 1) * half
        return Array(front) + front.reversed().map { batchSize - 1 - $0 }
    }
}
