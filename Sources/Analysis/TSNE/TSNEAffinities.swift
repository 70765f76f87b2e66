import Glibc
public import Platform
public import Tensors

/// How much each point wants to be near its nearest others: a sparse, symmetric matrix that sums to one.
public struct TSNEAffinities: Sendable {
    /// Where the neighbours of each point begin, and behind the last where they end.
    let starts: [Int]
    let neighbours: [Int]
    private(set) var weights: [Double]

    /// Points whose distances are computed at a time.
    private static let block = 256

    /// - Parameter samples: (points, features)
    public init(_ samples: DoubleMatrix, perplexity: Double, pool: ThreadPool) {
        let count = samples.rows, near = Self.neighbours(of: count, perplexity: perplexity)
        let norms = samples.rowSquaredNorms
        var conditional: [(indices: [Int], weights: [Double])] = []
        conditional.reserveCapacity(count)
        for first in stride(from: 0, to: count, by: Self.block) {
            let own = first..<min(first + Self.block, count)
            let products = samples.rows(own).productTransposed(samples, pool: pool)
            conditional += pool.map(own.count) { place in
                let point = first + place
                var distances = [Double](repeating: 0, count: count)
                for other in 0..<count {
                    distances[other] = max(0, norms[point] + norms[other] - 2 * products[place, other])
                }
                let indices = Self.smallest(near, of: distances, except: point)
                return (indices, Self.weights(indices.map { distances[$0] }, perplexity: perplexity))
            }
        }
        var rows = [[Int: Double]](repeating: [:], count: count)
        for (point, own) in conditional.enumerated() {
            for (other, weight) in zip(own.indices, own.weights) {
                rows[point][other, default: 0] += weight
                rows[other][point, default: 0] += weight
            }
        }
        var starts = [0], neighbours: [Int] = [], weights: [Double] = []
        for row in rows {
            for (other, weight) in row.sorted(by: { $0.key < $1.key }) {
                neighbours.append(other)
                weights.append(weight)
            }
            starts.append(neighbours.count)
        }
        let total = max(weights.reduce(0, +), .leastNormalMagnitude)
        self.starts = starts
        self.neighbours = neighbours
        self.weights = weights.map { $0 / total }
    }

    var count: Int { starts.count - 1 }

    /// How many of so many points count as neighbours of each: three times the perplexity and one.
    public static func neighbours(of points: Int, perplexity: Double) -> Int {
        Int(rounding: 3 * perplexity + 1, .down, into: 0...max(points - 1, 0)) ?? 0
    }

    func exaggerated(_ factor: Double) -> TSNEAffinities {
        var result = self
        result.weights = weights.map { $0 * factor }
        return result
    }

    /// The indices of the `count` smallest numbers, without `own`; of equal ones the first.
    private static func smallest(_ count: Int, of numbers: [Double], except own: Int) -> [Int] {
        let order = numbers.indices.filter { $0 != own }.sorted { (numbers[$0], $0) < (numbers[$1], $1) }
        return Array(order.prefix(count))
    }

    /// exp(−β·d²), normalized, with the β at which their entropy is ln(perplexity).
    static func weights(_ squaredDistances: [Double], perplexity: Double) -> [Double] {
        let wanted = log(perplexity), least = squaredDistances.min() ?? 0
        var beta = 1.0, low = 0.0, high = Double.infinity
        var weights: [Double] = []
        for _ in 0..<100 {
            // The smallest distance is subtracted: it cancels, and the largest weight cannot vanish.
            weights = squaredDistances.map { exp(-beta * ($0 - least)) }
            let sum = weights.reduce(0, +)
            let mean = zip(weights, squaredDistances).reduce(0) { $0 + $1.0 * ($1.1 - least) } / sum
            weights = weights.map { $0 / sum }
            let excess = log(sum) + beta * mean - wanted
            if abs(excess) <= 1e-5 { break }
            if excess > 0 {
                low = beta
                beta = high.isFinite ? (beta + high) / 2 : beta * 2
            } else {
                high = beta
                beta = (beta + low) / 2
            }
        }
        return weights
    }
}
