import Analysis
import Foundation
import Tensors
import Testing

@Suite struct RepresentationQualityTests {
    let pool = makePool()

    /// What SciPy and PyTorch make of numbers that a formula gives.
    private struct Fixture: Decodable {
        struct Views: Decodable {
            let shape: [Int]
            let views: [Double]
            let alignment, uniformity, twonn, lidar, rankme, alpha: Double
            let effectiveRank: Double

            private enum CodingKeys: String, CodingKey {
                case shape, views, alignment, uniformity, twonn, lidar, rankme, alpha
                case effectiveRank = "effective_rank"
            }

            func view(_ number: Int) -> DoubleMatrix {
                let count = shape[1] * shape[2]
                return DoubleMatrix(
                    rows: shape[1], cols: shape[2], Array(views[number * count..<(number + 1) * count]))
            }
        }

        let images, views: [Float]
        let many, few: Views

        static func read() throws -> Fixture {
            let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appendingPathComponent("Fixtures/analysis/quality_views.json")
            return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
        }
    }

    private func matrix(_ cols: Int, _ values: [Double]) -> DoubleMatrix {
        DoubleMatrix(rows: values.count / cols, cols: cols, values)
    }

    private func close(_ number: Double?, _ expected: Double, _ bound: Double = 1e-9) -> Bool {
        number.map { abs($0 - expected) <= bound * max(1, abs(expected)) } ?? false
    }

    @Test func ranksByHand() throws {
        // Equal singular values: as many directions as there are, less what 10⁻⁷ adds.
        #expect(close(RepresentationQuality.rankMe(matrix(2, [3, 0, 0, 3])), 2, 1e-6))
        #expect(close(RepresentationQuality.rankMe(matrix(2, [1, 2, 2, 4])), 1, 1e-5))
        let values = try #require(RepresentationQuality.eigenvalues(matrix(2, [1, 0, -1, 0, 0, 2, 0, -2])))
        #expect(close(values[0], 8.0 / 3) && close(values[1], 2.0 / 3) && values.count == 2)
        // Shares of 0.8 and 0.2.
        #expect(close(RepresentationQuality.effectiveRank(values), exp(-0.8 * log(0.8) - 0.2 * log(0.2))))
    }

    @Test func aPowerLawHasItsExponent() {
        let values = (1...20).map { 7 * pow(Double($0), -1.5) }
        #expect(close(RepresentationQuality.decay(values, ranks: 1...20), 1.5))
        #expect(close(RepresentationQuality.decay(values, ranks: 5...1000), 1.5))
        // What is all but nothing is not fitted to, and two points are no line.
        #expect(close(RepresentationQuality.decay(values + [1e-14], ranks: 1...21), 1.5))
        #expect(RepresentationQuality.decay(values, ranks: 19...40) == nil)
        #expect(RepresentationQuality.usable(values + [1e-14], 18...30) == [18, 19, 20])
    }

    @Test func uniformityAndAlignmentByHand() {
        // Two at a right angle, squared distance 2; and a third opposite to the first, 4 and 2.
        #expect(close(RepresentationQuality.uniformity(matrix(2, [5, 0, 0, 1]), pool: pool), -4))
        #expect(
            close(
                RepresentationQuality.uniformity(matrix(2, [5, 0, 0, 1, -2, 0]), pool: pool),
                log((2 * exp(-4) + exp(-8)) / 3)))
        #expect(close(RepresentationQuality.alignment(matrix(2, [1, 0, 0, 3]), matrix(2, [0, 1, 0, 9])), 1))
    }

    /// A line has one dimension, a square grid of noise about two.
    @Test func dimensionsAreFound() throws {
        var random = RandomStream(seed: 3, "plane")
        let line = (0..<400).flatMap { _ in
            let t = random.uniform()
            return [t, 2 * t, -t]
        }
        let plane = (0..<800).flatMap { _ in
            let (a, b) = (random.uniform(), random.uniform())
            return [a, b, a + b, a - 2 * b]
        }
        let one = try #require(IntrinsicDimension(matrix(3, line), pool: pool)?.dimension)
        let two = try #require(IntrinsicDimension(matrix(4, plane), pool: pool)?.dimension)
        #expect(abs(one - 1) < 0.15 && abs(two - 2) < 0.3)
    }

    @Test func equalImagesHaveNoRatio() throws {
        // Three on a line, one of them twice: of 0 and 0 the nearest is at 0, of 1 and 3 the ratios are 1 and 3/2.
        let found = try #require(IntrinsicDimension(matrix(1, [0, 0, 1, 3]), pool: pool))
        #expect(found.equals == 2 && found.dimension == nil)
        #expect(IntrinsicDimension.slope([1, 1, 1, 1, 1]) == nil)
        // i = 1…9 of 10, ln μ = 1 each: the mean of −ln(1 − i/10).
        let mean = (1...9).reduce(0.0) { $0 - log(1 - Double($1) / 10) } / 9
        #expect(close(IntrinsicDimension.slope([Double](repeating: exp(1), count: 10)), mean))
    }

    @Test func torchAndSciPyHaveTheSameNumbers() throws {
        let fixture = try Fixture.read()
        for item in [fixture.many, fixture.few] {
            let views = (0..<item.shape[0]).map(item.view), first = views[0]
            #expect(close(RepresentationQuality.alignment(first, views[1]), item.alignment))
            #expect(close(RepresentationQuality.uniformity(first, pool: pool), item.uniformity))
            #expect(close(IntrinsicDimension(first, pool: pool)?.dimension, item.twonn))
            #expect(close(RepresentationQuality.rankMe(first), item.rankme))
            let values = try #require(RepresentationQuality.eigenvalues(first))
            #expect(close(RepresentationQuality.effectiveRank(values), item.effectiveRank))
            #expect(close(RepresentationQuality.decay(values, ranks: 1...100), item.alpha, 1e-7))
            #expect(close(DiscriminantRank.lidar(views), item.lidar, 1e-6))
        }
    }

    @Test func viewsAreTorchs() throws {
        let fixture = try Fixture.read()
        let seen = ImageViews.views(
            Tensor(shape: [2, 3, 7, 5], fixture.images),
            [
                .init(top: 1, left: 0, height: 4, width: 5, isMirrored: true),
                .init(top: 2, left: 1, height: 3, width: 2, isMirrored: false),
            ])
        #expect(seen.shape == [2, 3, 7, 5])
        for (mine, theirs) in zip(seen.array, fixture.views) { #expect(abs(mine - theirs) < 2e-6) }
    }

    @Test func theWholeImageIsItself() {
        let image = Tensor(shape: [1, 1, 2, 3], [1, 2, 3, 4, 5, 6])
        let whole = ImageViews.Part(top: 0, left: 0, height: 2, width: 3, isMirrored: false)
        #expect(ImageViews.views(image, [whole]).array == image.array)
        let mirror = ImageViews.Part(top: 0, left: 0, height: 2, width: 3, isMirrored: true)
        #expect(ImageViews.views(image, [mirror]).array == [3, 2, 1, 6, 5, 4])
    }

    @Test func whatDoesNotVaryHasNoNumber() {
        let same = matrix(2, [1, 2, 1, 2, 1, 2]), lost = matrix(2, [1, 2, .nan, 2, 1, 2])
        for features in [same, lost] {
            #expect(RepresentationQuality.eigenvalues(features) == nil)
            #expect(DiscriminantRank.lidar([features, features]) == nil)
        }
        #expect(close(RepresentationQuality.uniformity(same, pool: pool), 0, 1e-12))
        #expect(RepresentationQuality.uniformity(lost, pool: pool) == nil)
        #expect(RepresentationQuality.uniformity(matrix(2, [0, 0, 1, 1]), pool: pool) == nil)
        #expect(IntrinsicDimension(lost, pool: pool) == nil && IntrinsicDimension(same, pool: pool)?.equals == 3)
        #expect(RepresentationQuality.rankMe(lost) == nil && RepresentationQuality.rankMe(matrix(1, [0, 0])) == nil)
    }

    /// Views that are the same leave δ alone; a direction in which views vary more than images tells none apart.
    @Test func lidarIsTheRankOfWhatTellsImagesApart() {
        let axes = matrix(3, [1, 0, 0, 0, 1, 0, 0, 0, 1, -1, 0, 0, 0, -1, 0, 0, 0, -1])
        #expect(close(DiscriminantRank.lidar([axes, axes]), 3, 1e-5))
        // Noise along the sum of the last two axes drowns what tells images apart there.
        let noisy = (0..<2).map { view in
            matrix(3, axes.values.enumerated().map { $0 % 3 == 0 ? $1 : $1 + (view == 0 ? 40 : -40) })
        }
        #expect(close(DiscriminantRank.lidar(noisy), 2, 0.01))
    }
}
