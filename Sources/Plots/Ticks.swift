/// Round numbers along an axis.
package struct Ticks: Equatable {
    /// Inside the axis, ascending.
    package let values: [Double]
    package let labels: [String]

    /// About `count` steps of 1, 2, 2.5 or 5 times a power of ten inside `range`.
    package init(_ range: ClosedRange<Double>, count: Int = 6) {
        let span = range.upperBound - range.lowerBound
        // Below so little, steps are rounding.
        let reach = max(abs(range.lowerBound), abs(range.upperBound), 1e-290)
        guard span.isFinite, span > reach * 1e-13 else {
            values = [range.lowerBound]
            labels = [Self.label(range.lowerBound, decimals: 3)]
            return
        }
        let rough = span / Double(max(count, 1))
        var power = 1.0
        while power * 10 <= rough { power *= 10 }
        while power > rough { power /= 10 }
        let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? power * 10
        // A hair of tolerance, because 0.1 has no exact form.
        let first = (range.lowerBound / step - 1e-9).rounded(.up),
            last = (range.upperBound / step + 1e-9).rounded(.down)
        let numbers = last >= first ? stride(from: first, through: last, by: 1).map { $0 * step } : []
        var decimals = 0, scaled = step
        while decimals < 9, abs(scaled - scaled.rounded()) > 1e-6 * scaled {
            scaled *= 10
            decimals += 1
        }
        values = numbers
        labels = numbers.map { Self.label($0, decimals: decimals) }
    }

    /// Every whole number inside `range`, or every second, fifth, tenth… where there are more than about twelve.
    package init(wholeNumbersIn range: ClosedRange<Double>) {
        let span = range.upperBound - range.lowerBound
        var power = 1.0
        while span.isFinite, span / (power * 5) > 12 { power *= 10 }
        let step = [1, 2, 5].map { $0 * power }.first { span / $0 <= 12.5 } ?? power * 10
        let first = (range.lowerBound / step).rounded(.up) * step
        // Far from zero a step may be too small to lead anywhere.
        let leads = range.upperBound + step > range.upperBound && range.lowerBound - step < range.lowerBound
        values = leads && span.isFinite ? Array(stride(from: first, through: range.upperBound, by: step)) : []
        labels = values.map { Self.label($0, decimals: 0) }
    }

    /// A number with `decimals` digits after the point, and a real minus sign.
    package static func label(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return "–" }
        let magnitude = abs(value)
        if magnitude >= 1e7 || (magnitude > 0 && magnitude < 1e-5) {
            return "\(value)".split(separator: "-").joined(separator: "\u{2212}")
        }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        guard let digits = Int(exactly: (magnitude * scale).rounded()) else { return "\(value)" }
        guard let unit = Int(exactly: scale) else { return "\(value)" }
        var text = "\(digits / unit)"
        if decimals > 0 {
            let fraction = "\(digits % unit)"
            text += "." + String(repeating: "0", count: decimals - fraction.count) + fraction
        }
        return (value < 0 && digits > 0 ? "\u{2212}" : "") + text
    }
}
