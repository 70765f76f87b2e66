package import Platform
package import Tensors

/// What every layer needs on the way forward and back, while weights change: the numbers, the threads, and the luck of
/// stochastic depth.
package struct TrainingPass: Sendable {
    /// Weights of the layout in which the layers took their places.
    package let weights: ParameterBuffer
    package let dropPath: DropPath?
    /// Of the products; sums, norms and softmax are f32.
    package let precision: Precision
    package let pool: ThreadPool
    /// Who has the other images of the batch.
    package let ranks: Communicator

    package init(
        weights: ParameterBuffer, dropPath: DropPath? = nil, precision: Precision = .f32, pool: ThreadPool,
        ranks: Communicator = .alone
    ) {
        self.weights = weights
        self.dropPath = dropPath
        self.precision = precision
        self.pool = pool
        self.ranks = ranks
    }
}

/// Stochastic depth (Huang et al. 2016): a residual branch is left out for some images, and the kept ones are divided
/// by the probability of being kept. Rates rise linearly from 0 to `rate` over the blocks.
package struct DropPath: Sendable {
    private let rate: Double
    private let depth: Int
    private let random: RandomStream
    private let slots: [Int]?

    /// - Parameters:
    ///   - random: of this pass alone.
    ///   - slots: the place of each image in the whole batch; nil where they are the whole batch.
    package init?(rate: Double, depth: Int, random: RandomStream, slots: [Int]? = nil) {
        guard rate > 0 else { return nil }
        self.rate = rate
        self.depth = depth
        self.random = random
        self.slots = slots
    }

    /// The rate of block `index`.
    package static func rate(_ rate: Double, block index: Int, depth: Int) -> Double {
        depth > 1 ? rate * Double(index) / Double(depth - 1) : 0
    }

    /// One factor an image for the branch `branch` (0 attention, 1 MLP) of a block; nil for ones.
    func scales(block index: Int, branch: Int, batch: Int) -> [Float]? {
        let rate = Self.rate(rate, block: index, depth: depth)
        guard rate > 0 else { return nil }
        let keep = 1 - rate
        let random = random.stream(2 * index + branch)
        precondition(slots.map { $0.count == batch } ?? true, "a place for each of \(batch) images")
        return (0..<batch).map { image in
            random.uniform(at: UInt64(slots?[image] ?? image)) < keep ? Float(1 / keep) : 0
        }
    }
}
