public import Platform
public import Tensors

/// Barnes–Hut t-SNE in two dimensions with the settings of scikit-learn 1.2 (van der Maaten 2014).
public struct TSNE: Sendable {
    /// Neighbours that count, softly.
    public var perplexity = 20.0
    public var iterations = 1000
    public var earlyExaggeration = 12.0
    /// Iterations with exaggeration.
    public var exaggeratedIterations = 250
    /// A cell of points counts as one where its side is below theta times its distance; 0 is exact.
    public var theta = 0.5
    public var seed: UInt64 = 0

    /// Where the points came to lie.
    public struct Embedding: Sendable {
        /// (points, 2)
        public let points: DoubleMatrix
        /// Kullback–Leibler divergence from the affinities, nats.
        public let divergence: Double
        public let iterations: Int
    }

    private static let smallestGain = 0.01
    private static let smallestGradient = 1e-7
    /// Iterations between two looks at the divergence, and how many may pass without a smaller one.
    private static let check = 50, patience = 300

    public init() {}

    /// Moves and momentum of every coordinate.
    private struct State {
        var positions: [Double]
        var moves: [Double]
        var gains: [Double]
    }

    /// - Parameters:
    ///   - samples: (points, features), four points at least.
    ///   - step: called before each iteration; what it throws ends the search.
    /// - Throws: what `step` throws.
    public func embed(
        _ samples: DoubleMatrix, pool: ThreadPool, step: (Int) throws -> Void = { _ in }
    ) throws -> Embedding {
        precondition(samples.rows > 3 && perplexity > 0, "too few points")
        let affinities = TSNEAffinities(samples, perplexity: perplexity, pool: pool)
        let count = samples.rows
        var random = RandomStream(seed: seed, "tsne")
        var state = State(
            positions: (0..<2 * count).map { _ in random.normal() * 1e-4 },
            moves: [Double](repeating: 0, count: 2 * count), gains: [Double](repeating: 1, count: 2 * count))
        let early = min(exaggeratedIterations, iterations)
        var done = try descend(
            &state, affinities.exaggerated(earlyExaggeration), momentum: 0.5, 0..<early, pool, step)
        done = try descend(&state, affinities, momentum: 0.8, early..<iterations, pool, step) ?? done
        let (_, divergence) = TSNEGradient.of(state.positions, affinities, theta: theta, pool: pool)
        return Embedding(
            points: DoubleMatrix(rows: count, cols: 2, state.positions), divergence: divergence,
            iterations: done ?? iterations)
    }

    /// - Returns: the number of the last iteration, where it ended before `range` did.
    private func descend(
        _ state: inout State, _ affinities: TSNEAffinities, momentum: Double, _ range: Range<Int>, _ pool: ThreadPool,
        _ step: (Int) throws -> Void
    ) throws -> Int? {
        let rate = max(Double(state.positions.count / 2) / earlyExaggeration / 4, 50)
        state.moves = [Double](repeating: 0, count: state.positions.count)
        state.gains = [Double](repeating: 1, count: state.positions.count)
        var best = Double.infinity, bestAt = range.lowerBound
        for iteration in range {
            try step(iteration)
            let (gradient, divergence) = TSNEGradient.of(state.positions, affinities, theta: theta, pool: pool)
            var square = 0.0
            for index in gradient.indices {
                let slope = gradient[index]
                let gain = state.moves[index] * slope < 0 ? state.gains[index] + 0.2 : state.gains[index] * 0.8
                state.gains[index] = max(gain, Self.smallestGain)
                let scaled = slope * state.gains[index]
                square += scaled * scaled
                state.moves[index] = momentum * state.moves[index] - rate * scaled
                state.positions[index] += state.moves[index]
            }
            guard (iteration + 1) % Self.check == 0 else { continue }
            if divergence < best {
                (best, bestAt) = (divergence, iteration)
            } else if iteration - bestAt > Self.patience {
                return iteration
            }
            if square.squareRoot() <= Self.smallestGradient { return iteration }
        }
        return nil
    }
}
