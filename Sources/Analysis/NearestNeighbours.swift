import Foundation
public import Platform
public import Tensors

/// Classification by the nearest training images, as DINO evaluates features (Caron et al. 2021):
/// cosine similarity s, each of the k nearest votes for its class with weight exp(s / temperature).
public struct NearestNeighbours: Sendable {
    /// Rows that are compared with all training images at a time.
    private static let block = 256

    private let train: DoubleMatrix
    private let labels: [Int]
    private let classes: Int
    /// Whether every feature of the training images is finite.
    private let isFinite: Bool

    /// - Parameters:
    ///   - train: (images, width).
    ///   - labels: of each, below `classes`.
    public init(train: DoubleMatrix, labels: [Int], classes: Int) {
        precondition(train.rows == labels.count && labels.allSatisfy { (0..<classes).contains($0) }, "a label an image")
        self.train = Self.normalized(train)
        isFinite = train.isFinite
        self.labels = labels
        self.classes = classes
    }

    /// The classes of each image of `features` (images, width), the most voted for first; of equals the lower index.
    /// Nil for an image whose features are not finite, and for all where those of a training image are not: nothing is
    /// near them, so nothing is nearest.
    ///
    /// - Parameter k: more than there are training images means all of them.
    public func ranking(of features: DoubleMatrix, k: Int, temperature: Double, pool: ThreadPool) -> [[Int]?] {
        precondition(k > 0 && temperature > 0, "k and the temperature are positive")
        let unit = Self.normalized(features)
        guard isFinite else { return [[Int]?](repeating: nil, count: features.rows) }
        var rankings: [[Int]?] = []
        rankings.reserveCapacity(features.rows)
        for start in stride(from: 0, to: features.rows, by: Self.block) {
            let rows = unit.rows(start..<min(start + Self.block, features.rows))
            let similarity = rows.productTransposed(train, pool: pool)
            for row in 0..<similarity.rows { rankings.append(ranking(similarity, row, k: k, temperature)) }
        }
        return rankings
    }

    private func ranking(_ similarity: DoubleMatrix, _ row: Int, k: Int, _ temperature: Double) -> [Int]? {
        guard labels.indices.allSatisfy({ similarity[row, $0].isFinite }) else { return nil }
        let order = labels.indices.sorted {
            let (a, b) = (similarity[row, $0], similarity[row, $1])
            return a != b ? a > b : $0 < $1
        }
        var votes = [Double](repeating: 0, count: classes)
        for neighbour in order.prefix(k) {
            // Relative to the nearest, so that no temperature overflows.
            votes[labels[neighbour]] += exp((similarity[row, neighbour] - similarity[row, order[0]]) / temperature)
        }
        return votes.indices.sorted { votes[$0] != votes[$1] ? votes[$0] > votes[$1] : $0 < $1 }
    }

    private static func normalized(_ features: DoubleMatrix) -> DoubleMatrix {
        var values: [Double] = []
        values.reserveCapacity(features.values.count)
        for row in 0..<features.rows {
            var squares = 0.0
            for column in 0..<features.cols { squares += features[row, column] * features[row, column] }
            let length = max(squares.squareRoot(), 1e-12)
            for column in 0..<features.cols { values.append(features[row, column] / length) }
        }
        return DoubleMatrix(rows: features.rows, cols: features.cols, values)
    }
}
