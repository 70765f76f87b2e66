import Models
import Platform

/// Intersection over union of labels, over the pixels of several images together.
public struct SegmentationScore: Sendable, Equatable {
    /// The labels that are told apart, ascending.
    public let labels: [UInt8]
    private let places: [Int?]
    /// [label in truth][label as decided], pixels.
    private var counts: [[Int]]

    public init(labels: [UInt8]) {
        self.labels = labels
        var places = [Int?](repeating: nil, count: 256)
        for (place, label) in labels.enumerated() { places[Int(label)] = place }
        self.places = places
        counts = [[Int]](repeating: [Int](repeating: 0, count: labels.count), count: labels.count)
    }

    /// Adds the pixels of an image, each decided as its patch is; those without a label do not count.
    ///
    /// - Parameters:
    ///   - patches: the label of each patch.
    ///   - truth: (height, width), row-major.
    public mutating func add(_ patches: [UInt8], truth: [UInt8], width: Int, layout: TokenLayout) {
        precondition(patches.count == layout.grid.count, "a decision for each patch")
        let side = layout.patchSize
        for (patch, label) in patches.enumerated() {
            guard let decided = places[Int(label)] else { continue }
            let (top, left) = (patch / layout.grid.cols * side, patch % layout.grid.cols * side)
            for y in top..<top + side {
                for x in left..<left + side {
                    if let own = places[Int(truth[y * width + x])] { counts[own][decided] += 1 }
                }
            }
        }
    }

    /// Of each label: pixels that have it and were given it, over those of which either is true; nil where none is.
    public var intersectionOverUnion: [Double?] {
        labels.indices.map { label in
            let both = counts[label][label], own = counts[label].reduce(0, +)
            let given = counts.reduce(0) { $0 + $1[label] }, union = own + given - both
            return union > 0 ? Double(both) / Double(union) : nil
        }
    }

    /// The mean over the labels that have one; nil where none does.
    public var mean: Double? {
        let known = intersectionOverUnion.compactMap(\.self)
        return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }

    /// The share of labelled pixels that are given their label; nil where there is none.
    public var pixelAccuracy: Double? {
        let all = counts.joined().reduce(0, +)
        return all > 0 ? Double(labels.indices.reduce(0) { $0 + counts[$1][$1] }) / Double(all) : nil
    }
}
