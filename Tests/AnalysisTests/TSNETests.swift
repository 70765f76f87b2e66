import Analysis
import Foundation
import Platform
import Tensors
import Testing

@Suite struct TSNETests {
    private let pool = ThreadPool(threads: 2)

    /// Some places for `count` points, two of them the same.
    private func positions(_ count: Int) -> [Double] {
        var values: [Double] = []
        for index in 0..<2 * count {
            let number = Double(index), phase = 1.7 * number * number + 0.3
            values.append(2 * sin(phase) + 0.01 * number)
        }
        (values[2], values[3]) = (values[0], values[1])
        return values
    }

    /// Central differences of the divergence, with exact sums.
    @Test func gradientIsThatOfTheDivergence() {
        let samples = GeometryFixture.clusters.rows(0..<40)
        let affinities = TSNEAffinities(samples, perplexity: 5, pool: pool), places = positions(40), step = 1e-6
        let exact = TSNEGradient.of(places, affinities, theta: 0, pool: pool)
        for index in stride(from: 0, to: 80, by: 3) {
            var up = places, down = places
            up[index] += step
            down[index] -= step
            let slope =
                (TSNEGradient.of(up, affinities, theta: 0, pool: pool).divergence
                    - TSNEGradient.of(down, affinities, theta: 0, pool: pool).divergence) / (2 * step)
            #expect(abs(slope - exact.gradient[index]) < 1e-7, "\(index)")
        }
    }

    /// The sums over the tree at theta 0 are those over all pairs; at 0.5 they are near.
    @Test func theTreeSumsWhatThePairsSum() {
        let count = 200, samples = GeometryFixture.clusters.rows(0..<count), places = positions(count)
        let affinities = TSNEAffinities(samples, perplexity: 10, pool: pool)
        let exact = TSNEGradient.of(places, affinities, theta: 0, pool: pool)
        var sum = 0.0
        for a in 0..<count {
            for b in 0..<count where a != b {
                let (x, y) = (places[2 * a] - places[2 * b], places[2 * a + 1] - places[2 * b + 1])
                sum += 1 / (1 + x * x + y * y)
            }
        }
        // A gradient's attraction is the same for both; the divergence tells the normalizer.
        let other = TSNEGradient.of(places, affinities, theta: 0.5, pool: pool)
        #expect(abs(exact.divergence - other.divergence) < 0.01)
        let scale = exact.gradient.map(abs).max() ?? 0
        for (own, near) in zip(exact.gradient, other.gradient) { #expect(abs(own - near) < 0.05 * scale) }
        // Two points far apart: the divergence of two equal affinities of a half is ln(0.5 / 0.5) = 0.
        #expect(sum > 0 && exact.divergence.isFinite)
    }

    @Test func fourPointsByHand() {
        // Two pairs: each point's one neighbour within reach is its twin, so affinities are a quarter each.
        let samples = DoubleMatrix(rows: 4, cols: 1, [0, 1, 100, 101])
        let affinities = TSNEAffinities(samples, perplexity: 1, pool: pool)
        let places = [0.0, 0, 1, 0, 10, 0, 11, 0]
        let found = TSNEGradient.of(places, affinities, theta: 0, pool: pool)
        let q = [0.5, 1.0 / 101, 1.0 / 122, 1.0 / 82]
        let total = 2 * (2 * q[0] + 2 * q[1] + q[2] + q[3])
        #expect(abs(found.divergence - log(0.25 / (q[0] / total))) < 1e-3)
    }

    /// As good as scikit-learn's by divergence and trustworthiness, on the same points.
    @Test func placesPointsAsWellAsScikitLearn() throws {
        let runs = try #require(try GeometryFixture().numbers["tsne"] as? [[String: Double]])
        let samples = GeometryFixture.clusters
        var divergences: [Double] = [], trust: [Double] = []
        for seed in 0..<3 {
            var tsne = TSNE()
            tsne.seed = UInt64(seed)
            let found = try tsne.embed(samples, pool: pool)
            divergences.append(found.divergence)
            trust.append(Self.trustworthiness(samples, found.points, neighbours: 12))
        }
        let worst = try #require(runs.compactMap { $0["kl"] }.max())
        let least = try #require(runs.compactMap { $0["trustworthiness"] }.min())
        #expect(divergences.sorted()[1] < worst * 1.03, "\(divergences)")
        #expect(trust.sorted()[1] > least - 0.005, "\(trust)")
    }

    @Test func repeatsAndEnds() throws {
        let samples = GeometryFixture.clusters.rows(0..<60)
        var tsne = TSNE()
        (tsne.iterations, tsne.perplexity) = (60, 8)
        let once = try tsne.embed(samples, pool: pool), again = try tsne.embed(samples, pool: ThreadPool(threads: 1))
        #expect(once.points == again.points && once.divergence == again.divergence)
        tsne.seed = 1
        #expect(try tsne.embed(samples, pool: pool).points != once.points)
        #expect(throws: CancellationError.self) {
            try tsne.embed(samples, pool: pool) { if $0 == 7 { throw CancellationError() } }
        }
        // Points that are all the same stay finite.
        let same = DoubleMatrix(rows: 10, cols: 2, [Double](repeating: 1, count: 20))
        tsne.perplexity = 2
        #expect(try tsne.embed(same, pool: pool).points.isFinite)
    }

    /// How few intruders there are among the neighbours in the plane (Venna and Kaski 2001; scikit-learn's measure).
    private static func trustworthiness(_ samples: DoubleMatrix, _ points: DoubleMatrix, neighbours k: Int) -> Double {
        let count = samples.rows
        func order(_ matrix: DoubleMatrix, _ own: Int) -> [Int] {
            func distance(_ other: Int) -> Double {
                (0..<matrix.cols).reduce(0) { $0 + (matrix[own, $1] - matrix[other, $1]).magnitudeSquared }
            }
            return (0..<count).filter { $0 != own }.map { (distance($0), $0) }.sorted { $0 < $1 }.map(\.1)
        }
        var intrusion = 0
        for own in 0..<count {
            var rank = [Int](repeating: 0, count: count)
            for (place, other) in order(samples, own).enumerated() { rank[other] = place + 1 }
            for other in order(points, own).prefix(k) { intrusion += max(0, rank[other] - k) }
        }
        return 1 - 2 * Double(intrusion) / Double(count * k * (2 * count - 3 * k - 1))
    }
}

extension Double {
    fileprivate var magnitudeSquared: Double { self * self }
}
