/// Cubic spline interpolation with not-a-knot ends, as FITPACK interpolates (s = 0): the first two and the last two
/// pieces are one polynomial each. Fewer than four places give the polynomial through them.
package struct CubicSpline: Sendable {
    private let places: [Double]
    private let values: [Double]
    /// Second derivatives at the places.
    private let curvatures: [Double]

    /// The spline through `values` at `places`, which rise strictly.
    package init(places: [Double], values: [Double]) {
        precondition(!places.isEmpty && places.count == values.count, "a spline needs a value at each place")
        self.places = places
        self.values = values
        curvatures = Self.curvatures(places, values)
    }

    /// The spline at `x`, which is clamped to the ends.
    package func callAsFunction(_ x: Double) -> Double {
        guard places.count > 1 else { return values[0] }
        let x = min(max(x, places[0]), places[places.count - 1])
        var low = 0, high = places.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if places[middle] <= x { low = middle } else { high = middle }
        }
        let step = places[high] - places[low]
        let left = (places[high] - x) / step, right = (x - places[low]) / step
        return left * values[low] + right * values[high]
            + ((left * left * left - left) * curvatures[low] + (right * right * right - right) * curvatures[high])
            * step * step / 6
    }

    private static func curvatures(_ places: [Double], _ values: [Double]) -> [Double] {
        let count = places.count
        guard count > 2 else { return [Double](repeating: 0, count: count) }
        let steps = (1..<count).map { places[$0] - places[$0 - 1] }
        let slopes = (1..<count).map { (values[$0] - values[$0 - 1]) / steps[$0 - 1] }
        guard count > 3 else {
            let curvature = 2 * (slopes[1] - slopes[0]) / (steps[0] + steps[1])
            return [Double](repeating: curvature, count: 3)
        }
        // The inner rows of the usual tridiagonal system; the end conditions eliminate the outer unknowns.
        let inner = count - 2
        var lower = (0..<inner).map { steps[$0] }
        var upper = (0..<inner).map { steps[$0 + 1] }
        var diagonal = (0..<inner).map { 2 * (steps[$0] + steps[$0 + 1]) }
        var right = (0..<inner).map { 6 * (slopes[$0 + 1] - slopes[$0]) }
        let first = steps[0] / steps[1], last = steps[count - 2] / steps[count - 3]
        diagonal[0] += steps[0] * (1 + first)
        upper[0] -= steps[0] * first
        diagonal[inner - 1] += steps[count - 2] * (1 + last)
        lower[inner - 1] -= steps[count - 2] * last
        for row in 1..<inner {
            let factor = lower[row] / diagonal[row - 1]
            diagonal[row] -= factor * upper[row - 1]
            right[row] -= factor * right[row - 1]
        }
        var solution = [Double](repeating: 0, count: inner)
        for row in (0..<inner).reversed() {
            let next = row + 1 < inner ? upper[row] * solution[row + 1] : 0
            solution[row] = (right[row] - next) / diagonal[row]
        }
        let start = (1 + first) * solution[0] - first * solution[1]
        let end = (1 + last) * solution[inner - 1] - last * solution[inner - 2]
        return [start] + solution + [end]
    }
}
