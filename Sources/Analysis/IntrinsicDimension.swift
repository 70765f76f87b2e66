import Glibc
public import Platform
public import Tensors

/// How many dimensions the images lie on, from the two nearest of each alone (Facco et al. 2017, TwoNN).
public struct IntrinsicDimension: Sendable, Equatable {
    /// The slope through the origin of −ln(1 − i/N) on ln μ₍ᵢ₎, the sorted ratios of both distances, without the largest
    /// tenth of them; nil where there are fewer than three, or where all ratios are 1.
    public let dimension: Double?
    /// Images that another one equals but for rounding (`Spread`), which have no ratio.
    public let equals: Int

    /// How many of the smallest products are measured once more without their rounding.
    private static let candidates = 8

    /// - Parameter features: (images, embedDim).
    /// - Returns: nil where a number is not finite.
    public init?(_ features: DoubleMatrix, pool: ThreadPool) {
        guard features.isFinite, features.squaredNorm.isFinite else { return nil }
        let count = features.rows, block = RepresentationQuality.block
        let centered = features.columnCentered(), lengths = centered.rowSquaredNorms
        let whole = features.rowSquaredNorms
        var ratios: [Double] = [], equals = 0
        for start in stride(from: 0, to: count, by: block) {
            let products = centered.rows(start..<min(start + block, count)).productTransposed(centered, pool: pool)
            for row in 0..<products.rows {
                let image = start + row
                let near = Self.smallest(count) { $0 == image ? nil : lengths[$0] - 2 * products[row, $0] }
                let distances = near.map { Self.squaredDistance(centered, image, $0) }.sorted()
                guard distances.count > 1 else { continue }
                if Spread.isRounding(distances[0], of: whole[image]) {
                    equals += 1
                } else {
                    ratios.append((distances[1] / distances[0]).squareRoot())
                }
            }
        }
        self.equals = equals
        dimension = Self.slope(ratios)
    }

    package static func slope(_ ratios: [Double]) -> Double? {
        let count = ratios.count, sorted = ratios.sorted()
        var products = 0.0, squares = 0.0, points = 0
        // 10 i ≤ 9 N: the largest tenth is the least certain, and the last has no logarithm.
        for (index, ratio) in sorted.enumerated() where 10 * (index + 1) <= 9 * count {
            let x = log(ratio), y = -log(1 - Double(index + 1) / Double(count))
            products += x * y
            squares += x * x
            points += 1
        }
        return points > 2 && squares > 0 && squares.isFinite ? products / squares : nil
    }

    /// The indices below `count` with the smallest keys, as many as are measured; those without a key are left out.
    private static func smallest(_ count: Int, _ key: (Int) -> Double?) -> [Int] {
        var best: [(key: Double, index: Int)] = []
        for index in 0..<count {
            guard let key = key(index), best.count < candidates || key < best[best.count - 1].key else { continue }
            let place = best.firstIndex { key < $0.key } ?? best.count
            best.insert((key, index), at: place)
            if best.count > candidates { best.removeLast() }
        }
        return best.map(\.index)
    }

    private static func squaredDistance(_ rows: DoubleMatrix, _ a: Int, _ b: Int) -> Double {
        (0..<rows.cols).reduce(0) {
            let difference = rows[a, $1] - rows[b, $1]
            return $0 + difference * difference
        }
    }
}
