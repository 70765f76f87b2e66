import Synchronization
import Tensors

/// Which images make up each batch: a new permutation every epoch, a function of seed and epoch.
///
/// What does not fill a last batch is left out of that epoch.
///
/// A class because it remembers the permutations in use.
final class EpochOrder: Sendable {
    let batchSize: Int
    let batchesPerEpoch: Int
    private let count: Int
    private let seed: UInt64
    private let shuffles: Bool
    private let remembered = Mutex<[(epoch: Int, order: [Int])]>([])

    /// - Throws: `DataError.batchTooLarge` where the images do not fill one batch.
    init(count: Int, batchSize: Int, seed: UInt64, shuffles: Bool = true) throws(DataError) {
        precondition(batchSize > 0, "a batch has at least one image")
        guard batchSize <= count else { throw .batchTooLarge(batchSize: batchSize, count: count) }
        self.count = count
        self.batchSize = batchSize
        self.seed = seed
        self.shuffles = shuffles
        batchesPerEpoch = count / batchSize
    }

    /// The images of batch `batch` of `epoch`.
    func indices(epoch: Int, batch: Int) -> [Int] {
        precondition((0..<batchesPerEpoch).contains(batch), "batch \(batch) of \(batchesPerEpoch)")
        let range = batch * batchSize..<(batch + 1) * batchSize
        return shuffles ? Array(order(of: epoch)[range]) : Array(range)
    }

    private func order(of epoch: Int) -> [Int] {
        remembered.withLock { known in
            if let found = known.first(where: { $0.epoch == epoch }) { return found.order }
            var random = RandomStream(seed: seed, "order").stream(epoch)
            let order = random.permutation(count)
            // The epoch that ends and the one that begins are made at the same time.
            known = known.suffix(1) + [(epoch, order)]
            return order
        }
    }
}
