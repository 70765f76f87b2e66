package import Tensors

/// A way to bring a table of relative position biases from one patch grid to another.
///
/// A table has a row for every (down, right) offset between two patches of a grid, (2·rows − 1)·(2·cols − 1) of them,
/// then three for the pairs with the class token, which are kept as they are.
package enum RelativeTableResampling: String, Sendable, Hashable {
    /// BEiT's and SimMIM's way: old offsets are put at geometrically growing distances, fine near zero, and a cubic
    /// spline is read at the new, whole distances.
    case geometricSpline = "geometric, cubic spline"
    /// timm's way: the same distances, linear between them.
    case geometricLinear = "geometric, linear"
    /// Hugging Face's way: the table as an image.
    case bilinear = "bilinear"

    /// Rows for pairs with the class token.
    private static let classRows = 3

    /// `table` (offsets of `old` + 3, heads) as (offsets of `new` + 3, heads).
    package func apply(to table: Tensor, from old: GridSize, to new: GridSize) -> Tensor {
        let heads = table.shape[1]
        let rows = 2 * old.rows - 1, cols = 2 * old.cols - 1
        precondition(table.shape[0] == rows * cols + Self.classRows, "the table is not the old grid's")
        let grid = table.rows(0..<rows * cols).reshaped([rows, cols, heads])
        let resized = grid.resampled(
            rows: axis(from: rows, to: 2 * new.rows - 1), cols: axis(from: cols, to: 2 * new.cols - 1))
        return Tensor.concatenating([
            resized.reshaped([resized.shape[0] * resized.shape[1], heads]),
            table.rows(rows * cols..<table.shape[0]),
        ])
    }

    private func axis(from source: Int, to target: Int) -> AxisWeights {
        switch self {
        case .bilinear: return .bilinear(source: source, target: target)
        case .geometricLinear:
            let places = Self.geometricPlaces(source: source, target: target)
            return AxisWeights(source: source, taps: Self.offsets(target).map { Self.linearTaps(places, at: $0) })
        case .geometricSpline:
            let places = Self.geometricPlaces(source: source, target: target)
            // A spline is linear in its values: the weight of an old place is the spline through a one there.
            let splines = places.indices.map { place in
                CubicSpline(places: places, values: places.indices.map { $0 == place ? 1 : 0 })
            }
            return AxisWeights(
                source: source, taps: Self.offsets(target).map { x in splines.indices.map { ($0, splines[$0](x)) } })
        }
    }

    /// −⌊n/2⌋ … ⌊n/2⌋.
    private static func offsets(_ count: Int) -> [Double] { (0..<count).map { Double($0 - count / 2) } }

    /// The ratio of neighbouring steps with which `source / 2` steps from 1 on reach `target / 2`, by bisection between
    /// 1.01 and 1.5.
    package static func ratio(source: Int, target: Int) -> Double {
        var left = 1.01, right = 1.5, ratio = left
        while right - left > 1e-6 {
            ratio = (left + right) / 2
            if reach(ratio, steps: source / 2) > Double(target / 2) { right = ratio } else { left = ratio }
        }
        return ratio
    }

    /// 1 + q + q² + … of `steps` terms.
    private static func reach(_ ratio: Double, steps: Int) -> Double {
        var sum = 0.0, step = 1.0
        for _ in 0..<steps {
            sum += step
            step *= ratio
        }
        return sum
    }

    /// Where the old offsets are put: …, −(1 + q), −1, 0, 1, 1 + q, ….
    package static func geometricPlaces(source: Int, target: Int) -> [Double] {
        let ratio = ratio(source: source, target: target)
        let positive = (0..<source / 2).map { reach(ratio, steps: $0 + 1) }
        return positive.reversed().map { -$0 } + [0] + positive
    }

    private static func linearTaps(_ places: [Double], at x: Double) -> [(place: Int, weight: Double)] {
        guard let right = places.firstIndex(where: { $0 >= x }) else { return [(places.count - 1, 1)] }
        guard right > 0, places[right] > x else { return [(right, 1)] }
        let fraction = (x - places[right - 1]) / (places[right] - places[right - 1])
        return [(right - 1, 1 - fraction), (right, fraction)]
    }
}
