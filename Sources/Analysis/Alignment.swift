public import Platform
public import Tensors

/// How alike two representations of the same samples are, beside CKA (docs/science.md#alignment).
public enum Alignment {
    /// Raw values are those of the HTTP interface. In all of them 1 is the most alike.
    public enum Metric: String, Sendable, Hashable, CaseIterable {
        /// The share of the k nearest neighbours, by cosine, that both have (Huh et al. 2024).
        case mutualKNN = "mutual-knn"
        /// CKA of what mutual nearest neighbours share (Huh et al. 2024).
        case cknna
        /// The mean canonical correlation of the singular directions that hold 99 % of the sum of the singular values
        /// (Raghu et al. 2017).
        case svcca
        /// Canonical correlations, weighted by how much of the first representation they carry (Morcos et al. 2018).
        case pwcca
        /// 1 − the orthogonal Procrustes distance of centred features of unit norm (Ding et al. 2021).
        case procrustes

        /// Whether it counts neighbours.
        public var hasNeighbours: Bool { self == .mutualKNN || self == .cknna }
    }

    /// One representation, with what its comparisons share.
    public struct Side: Sendable {
        fileprivate enum Form: Sendable {
            case neighbours([[Int]], gram: DoubleMatrix)
            case directions(u: DoubleMatrix, centered: DoubleMatrix)
            case scaled(DoubleMatrix)
        }

        fileprivate let form: Form

        /// - Parameters:
        ///   - features: (samples, features), four samples at least.
        ///   - k: neighbours that count, fewer than samples.
        /// - Throws: `AnalysisError.undefinedAlignment` where the samples do not differ by more than rounding
        ///   (`Spread`), `.notFinite` where a number is not finite.
        public init(
            _ features: DoubleMatrix, metric: Metric, k: Int, pool: ThreadPool
        ) throws(AnalysisError) {
            precondition(features.rows >= 4 && (1..<features.rows).contains(k), "too few samples")
            let centered = features.columnCentered(), norm = centered.squaredNorm.squareRoot()
            guard norm.isFinite, features.isFinite else { throw .notFinite }
            guard !Spread.isRounding(norm * norm, of: features.squaredNorm) else { throw .undefinedAlignment }
            switch metric {
            case .mutualKNN, .cknna:
                let gram = Self.unitRows(features).gram(pool: pool)
                form = .neighbours(Self.nearest(gram, k: k, pool: pool), gram: gram)
            case .svcca, .pwcca:
                guard let found = centered.singularValueDecomposition() else { throw .notFinite }
                form = .directions(
                    u: found.u.columns(Self.rank(found.values, isCut: metric == .svcca)), centered: centered)
            case .procrustes:
                form = .scaled(
                    DoubleMatrix(rows: features.rows, cols: features.cols, centered.values.map { $0 / norm }))
            }
        }

        /// Directions that canonical correlation looks at; 0 for other metrics.
        public var directions: Int {
            if case .directions(let u, _) = form { return u.cols }
            return 0
        }

        /// Singular values that count: without rounding noise, and where cut, those up to 99 % of their sum.
        private static func rank(_ values: [Double], isCut: Bool) -> Int {
            let real = values.filter { $0 > values[0] * 1e-10 }
            guard isCut else { return real.count }
            let total = real.reduce(0, +)
            var sum = 0.0, kept = 0
            for value in real {
                sum += value
                if sum >= 0.99 * total { break }
                kept += 1
            }
            return max(kept, 1)
        }

        private static func unitRows(_ features: DoubleMatrix) -> DoubleMatrix {
            var result = features
            for (row, square) in features.rowSquaredNorms.enumerated() {
                let scale = 1 / max(square.squareRoot(), 1e-12)
                for column in 0..<features.cols { result[row, column] *= scale }
            }
            return result
        }

        /// The k nearest of each row; the first of equally near ones.
        private static func nearest(_ gram: DoubleMatrix, k: Int, pool: ThreadPool) -> [[Int]] {
            pool.map(gram.rows) { row in
                let others = (0..<gram.rows).filter { $0 != row }
                return Array(others.sorted { (-gram[row, $0], $0) < (-gram[row, $1], $1) }.prefix(k))
            }
        }
    }

    /// How alike `a` and `b` are, which were made for the same metric and k; nil where that is not defined.
    public static func similarity(_ a: Side, _ b: Side, metric: Metric, pool: ThreadPool) -> Double? {
        switch (a.form, b.form) {
        case (.neighbours(let mine, let gram), .neighbours(let others, let otherGram)):
            guard metric == .cknna else { return sharedNeighbours(mine, others) }
            let cross = localHSIC(gram, otherGram, mine, others), own = localHSIC(gram, gram, mine, mine)
            let other = localHSIC(otherGram, otherGram, others, others)
            return own > 0 && other > 0 ? cross / (own * other).squareRoot() : nil
        case (.directions(let u, let centered), .directions(let other, _)):
            guard let found = u.transposed().product(other, pool: pool).singularValueDecomposition() else { return nil }
            let correlations = found.values.map { min($0, 1) }
            guard metric == .pwcca else { return correlations.reduce(0, +) / Double(correlations.count) }
            let shares = u.product(found.u, pool: pool).transposed().product(centered, pool: pool)
            let weights = (0..<shares.rows).map { row in
                (0..<shares.cols).reduce(0) { $0 + abs(shares[row, $1]) }
            }
            return zip(weights, correlations).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
        case (.scaled(let mine), .scaled(let other)):
            return mine.transposed().product(other, pool: pool).singularValues()?.reduce(0, +)
        default:
            preconditionFailure("sides of different metrics")
        }
    }

    private static func sharedNeighbours(_ a: [[Int]], _ b: [[Int]]) -> Double {
        let shares = zip(a, b).map { Double(Set($0).intersection($1).count) / Double(max($0.count, 1)) }
        return shares.reduce(0, +) / Double(shares.count)
    }

    /// HSIC₁ (Song et al. 2012) of two Gram matrices of which only what mutual nearest neighbours share is left.
    private static func localHSIC(
        _ a: DoubleMatrix, _ b: DoubleMatrix, _ near: [[Int]], _ otherNear: [[Int]]
    ) -> Double {
        let count = a.rows
        var trace = 0.0, sumA = 0.0, sumB = 0.0, middle = 0.0
        var rowsB = [Double](repeating: 0, count: count), columnsA = rowsB
        let mutual = zip(near, otherNear).map { Set($0).intersection($1).sorted() }
        let places = mutual.map { Set($0) }
        for (row, own) in mutual.enumerated() {
            for column in own {
                sumA += a[row, column]
                sumB += b[row, column]
                columnsA[column] += a[row, column]
                rowsB[row] += b[row, column]
                if places[column].contains(row) { trace += a[row, column] * b[column, row] }
            }
        }
        for index in 0..<count { middle += columnsA[index] * rowsB[index] }
        let n = Double(count)
        return (trace + sumA * sumB / ((n - 1) * (n - 2)) - 2 * middle / (n - 2)) / (n * (n - 3))
    }
}

extension DoubleMatrix {
    /// self · selfᵀ.
    fileprivate func gram(pool: ThreadPool) -> DoubleMatrix { productTransposed(self, pool: pool) }

    /// The first columns.
    fileprivate func columns(_ count: Int) -> DoubleMatrix {
        var numbers: [Double] = []
        numbers.reserveCapacity(rows * count)
        for row in 0..<rows { numbers += values[row * cols..<row * cols + count] }
        return DoubleMatrix(rows: rows, cols: count, numbers)
    }
}
