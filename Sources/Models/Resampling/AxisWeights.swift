import Platform
import Tensors

/// How an axis of `source` places becomes another: for each new place, which old ones count and how much.
///
/// Every way of resampling a grid that the projects use is a product of two such axes.
struct AxisWeights: Sendable {
    /// Old places.
    let source: Int
    /// One list of (old place, weight) for each new place.
    let taps: [[(place: Int, weight: Double)]]

    /// New places.
    var target: Int { taps.count }

    /// The first `count` new places alone.
    func beginning(_ count: Int) -> AxisWeights { AxisWeights(source: source, taps: Array(taps.prefix(count))) }
}

extension AxisWeights {
    /// PyTorch's cubic convolution without antialiasing (a = −0.75), clamped at the borders.
    ///
    /// - Parameter ratio: old places for one new place, `source / target` unless a scale factor was given.
    static func bicubic(source: Int, target: Int, ratio: Double) -> AxisWeights {
        AxisWeights(
            source: source,
            taps: (0..<target).map { index in
                let center = (Double(index) + 0.5) * ratio - 0.5
                let first = (Int(rounding: center, .down, into: -source...2 * source) ?? 0) - 1
                return (first..<first + 4).map { place in
                    (min(max(place, 0), source - 1), cubic(center - Double(place), a: -0.75))
                }
            })
    }

    /// PyTorch's linear interpolation without antialiasing.
    static func bilinear(source: Int, target: Int) -> AxisWeights {
        let ratio = Double(source) / Double(target)
        return AxisWeights(
            source: source,
            taps: (0..<target).map { index in
                let center = max((Double(index) + 0.5) * ratio - 0.5, 0)
                let left = Int(rounding: center, .down, into: 0...source - 1) ?? 0
                let fraction = min(center - Double(left), 1)
                return [(left, 1 - fraction), (min(left + 1, source - 1), fraction)]
            })
    }

    /// The cubic of `antialias=True` (a = −0.5), which is Pillow's way: the kernel is as wide as a new place, truncated
    /// at the borders, and its weights are divided by their sum.
    static func antialiasedBicubic(source: Int, target: Int) -> AxisWeights {
        let ratio = Double(source) / Double(target), spread = max(ratio, 1), support = 2 * spread
        return AxisWeights(
            source: source,
            taps: (0..<target).map { index in
                let center = (Double(index) + 0.5) * ratio
                let first = Int(rounding: center - support + 0.5, .towardZero, into: 0...source) ?? 0
                let end = Int(rounding: center + support + 0.5, .towardZero, into: first...source) ?? source
                let weights = (first..<end).map { cubic((Double($0) + 0.5 - center) / spread, a: -0.5) }
                let sum = weights.reduce(0, +)
                return zip(first..<end, weights).map { ($0, $1 / sum) }
            })
    }

    /// The triangle of `antialias=True`, as wide as a new place, truncated at the borders and divided by its sum.
    static func antialiasedBilinear(source: Int, target: Int) -> AxisWeights {
        let ratio = Double(source) / Double(target), support = max(ratio, 1)
        return AxisWeights(
            source: source,
            taps: (0..<target).map { index in
                let center = (Double(index) + 0.5) * ratio - 0.5
                let near = (0..<source).map { ($0, max(0, 1 - abs(Double($0) - center) / support)) }
                    .filter { $0.1 > 0 }
                let sum = near.reduce(0) { $0 + $1.1 }
                return near.map { ($0.0, $0.1 / sum) }
            })
    }

    /// The first `target` of `longer` places of PyTorch's linear interpolation with `align_corners=True`.
    static func corners(source: Int, longer: Int, target: Int) -> AxisWeights {
        let ratio = longer > 1 ? Double(source - 1) / Double(longer - 1) : 0
        return AxisWeights(
            source: source,
            taps: (0..<target).map { index in
                let place = Double(index) * ratio
                let left = Int(rounding: place, .down, into: 0...source - 1) ?? 0
                return [(left, 1 - (place - Double(left))), (min(left + 1, source - 1), place - Double(left))]
            })
    }

    /// The cubic convolution kernel (Keys 1981).
    static func cubic(_ distance: Double, a: Double) -> Double {
        let x = abs(distance)
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        if x < 2 { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
        return 0
    }
}

extension Tensor {
    /// A grid (rows, cols, channels) with both axes resampled, summed in double precision.
    func resampled(rows: AxisWeights, cols: AxisWeights) -> Tensor {
        precondition(
            shape.count == 3 && shape[0] == rows.source && shape[1] == cols.source, "the axes are not the grid's")
        let channels = shape[2]
        let numbers = array
        // (target rows, source cols, channels)
        let line = cols.source * channels
        var tall = [Double](repeating: 0, count: rows.target * line)
        for (row, taps) in rows.taps.enumerated() {
            for (place, weight) in taps {
                for index in 0..<line { tall[row * line + index] += weight * Double(numbers[place * line + index]) }
            }
        }
        var result = [Float](repeating: 0, count: rows.target * cols.target * channels)
        var sums = [Double](repeating: 0, count: channels)
        for row in 0..<rows.target {
            for (col, taps) in cols.taps.enumerated() {
                for channel in 0..<channels { sums[channel] = 0 }
                for (place, weight) in taps {
                    let from = row * line + place * channels
                    for channel in 0..<channels { sums[channel] += weight * tall[from + channel] }
                }
                let to = (row * cols.target + col) * channels
                for channel in 0..<channels { result[to + channel] = Float(sums[channel]) }
            }
        }
        return Tensor(shape: [rows.target, cols.target, channels], result)
    }
}
