import Foundation
public import Platform
public import Tensors

/// Labels by the nearest of many vectors, as `NearestNeighbours` has it, in single precision and without ordering all of
/// them: for patches, which are many.
public struct NearestVotes: Sendable {
    /// Rows that are compared at a time.
    private static let block = 256

    private let known: Tensor
    private let labels: [Int]
    private let classes: Int
    private let isFinite: Bool

    /// - Parameters:
    ///   - known: (rows, width).
    ///   - labels: of each, below `classes`.
    public init(_ known: Tensor, labels: [Int], classes: Int) {
        precondition(known.shape.count == 2 && known.shape[0] == labels.count && !labels.isEmpty, "a label a row")
        precondition(labels.allSatisfy { (0..<classes).contains($0) }, "a label beyond the classes")
        self.known = NormalizedRows(known).output
        isFinite = known.isFinite
        self.labels = labels
        self.classes = classes
    }

    /// The class of each row of `features` (rows, width): each of its k nearest by cosine s votes with exp(s / T), and of
    /// equal votes the lower class wins. Nil for a row that is not finite, and for all where a known one is not.
    public func decisions(on features: Tensor, k: Int, temperature: Double, pool: ThreadPool) -> [Int?] {
        precondition(k > 0 && temperature > 0, "k and the temperature are positive")
        guard isFinite else { return [Int?](repeating: nil, count: features.shape[0]) }
        let unit = NormalizedRows(features).output
        var decided: [Int?] = []
        decided.reserveCapacity(features.shape[0])
        for start in stride(from: 0, to: features.shape[0], by: Self.block) {
            let rows = unit.rows(start..<min(start + Self.block, features.shape[0]))
            let cosines = rows.product(known, transposesOther: true, pool: pool)
            let numbers = cosines.array
            for row in 0..<cosines.shape[0] {
                decided.append(decision(numbers[row * labels.count..<(row + 1) * labels.count], k, temperature))
            }
        }
        return decided
    }

    private func decision(_ cosines: ArraySlice<Float>, _ k: Int, _ temperature: Double) -> Int? {
        // The nearest so far, the nearest first; of equals that which comes first.
        var nearest: [(cosine: Float, label: Int)] = []
        for (place, cosine) in cosines.enumerated() {
            guard cosine.isFinite else { return nil }
            if nearest.count == k {
                guard cosine > nearest[k - 1].cosine else { continue }
                nearest.removeLast()
            }
            let before = nearest.firstIndex { $0.cosine < cosine } ?? nearest.count
            nearest.insert((cosine, labels[place]), at: before)
        }
        var votes = [Double](repeating: 0, count: classes)
        // Relative to the nearest, so that no temperature overflows.
        for one in nearest { votes[one.label] += exp(Double(one.cosine - nearest[0].cosine) / temperature) }
        return votes.indices.max { votes[$0] != votes[$1] ? votes[$0] < votes[$1] : $0 > $1 }
    }
}
