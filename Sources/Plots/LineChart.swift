/// Curves over a common axis.
public struct LineChart: Sendable {
    /// A curve; points that are not finite, or too far away for any axis (1e300), are gaps.
    public struct Series: Sendable {
        public var name: String
        public var x: [Double]
        public var y: [Double]
        /// Half the height of a band around the curve, one for each point; nil for none.
        public var band: [Double]?

        public init(name: String, x: [Double], y: [Double], band: [Double]? = nil) {
            precondition(x.count == y.count && (band?.count ?? x.count) == x.count, "a curve's lists have one length")
            self.name = name
            self.x = x
            self.y = y
            self.band = band
        }
    }

    public var series: [Series]
    public var title: String
    public var xLabel: String
    public var yLabel: String
    /// A horizontal line to compare with, and its name.
    public var reference: (value: Double, name: String)?
    /// Whether the curves have an order (depth), which the colours then show.
    public var isOrdered = false
    public var marksPoints = true
    /// Whether neighbouring points are joined; a scatter's are not.
    public var joinsPoints = true
    /// Whether the horizontal axis counts things, so that only whole numbers are written.
    public var hasWholeNumbers = false

    public init(_ series: [Series], title: String, xLabel: String, yLabel: String) {
        self.series = series
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
    }

    /// The drawing as a PNG file.
    public func png() -> [UInt8] {
        let ruler = Canvas(width: 1, height: 1)
        let (xRange, yRange) = ranges
        let yTicks = Ticks(yRange, count: 6)
        let left = 40 + (yTicks.labels.map { ruler.width(of: $0, size: 10) }.max() ?? 0)
        let entries = legend
        let legendWidth = entries.isEmpty ? 0 : 40 + (entries.map { ruler.width(of: $0.name, size: 10) }.max() ?? 0)
        let field = Field(
            x: left, y: 40, width: 460, height: max(320, Double(entries.count) * 16), xRange: xRange, yRange: yRange)
        let canvas = Canvas(width: left + field.width + 20 + legendWidth, height: field.height + 96)
        drawAxes(canvas, field, yTicks)
        canvas.clipped(x: field.x, y: field.y, width: field.width, height: field.height) {
            if let reference {
                let y = field.place(0, reference.value).y
                canvas.line(
                    [(field.x, y), (field.x + field.width, y)], color: Color(red: 120, green: 120, blue: 120), width: 1)
            }
            for (index, curve) in series.enumerated() { draw(curve, color: color(index), on: canvas, field) }
        }
        if let missingNote {
            canvas.text(missingNote, x: field.x + 8, y: field.y + 16, size: 10)
        }
        canvas.rectangle(x: field.x, y: field.y, width: field.width, height: field.height, color: .ink, lineWidth: 0.8)
        for (index, entry) in entries.enumerated() {
            let x = field.x + field.width + 14, y = field.y + 10 + Double(index) * 16
            canvas.line([(x, y), (x + 18, y)], color: entry.color, width: 2)
            canvas.text(entry.name, x: x + 24, y: y + 3.5, size: 10)
        }
        return canvas.png()
    }

    /// What gaps mean, where there are any.
    private var missingNote: String? {
        let drawn = series.flatMap { curve in curve.x.indices.map { curve.isDrawn($0) } }
        guard drawn.contains(false) else { return nil }
        return drawn.contains(true) ? "gaps: no finite number" : "no finite number"
    }

    private var legend: [(name: String, color: Color)] {
        var entries = series.enumerated().map { (name: $1.name, color: color($0)) }
        if entries.count == 1, entries[0].name.isEmpty { entries = [] }
        if let reference { entries.append((reference.name, Color(red: 120, green: 120, blue: 120))) }
        return entries
    }

    private func color(_ index: Int) -> Color {
        guard isOrdered, series.count > 1 else { return Color.series[index % Color.series.count] }
        // The last tenth of viridis is too pale for a line on white.
        return ColorMap.viridis.color(Double(index) / Double(series.count - 1) * 0.92)
    }

    private func drawAxes(_ canvas: Canvas, _ field: Field, _ yTicks: Ticks) {
        let xTicks = hasWholeNumbers ? Ticks(wholeNumbersIn: field.xRange) : Ticks(field.xRange, count: 8)
        let bottom = field.y + field.height
        for (value, label) in zip(xTicks.values, xTicks.labels) {
            let x = field.place(value, 0).x
            canvas.line([(x, field.y), (x, bottom)], color: .grid, width: 0.7)
            canvas.line([(x, bottom), (x, bottom + 3.5)], color: .ink, width: 0.8)
            canvas.text(label, x: x, y: bottom + 15, size: 10, align: .middle)
        }
        for (value, label) in zip(yTicks.values, yTicks.labels) {
            let y = field.place(0, value).y
            canvas.line([(field.x, y), (field.x + field.width, y)], color: .grid, width: 0.7)
            canvas.line([(field.x - 3.5, y), (field.x, y)], color: .ink, width: 0.8)
            canvas.text(label, x: field.x - 6, y: y + 3.5, size: 10, align: .end)
        }
        canvas.text(title, x: field.x + field.width / 2, y: 24, size: 12, align: .middle)
        canvas.text(xLabel, x: field.x + field.width / 2, y: bottom + 38, size: 11, align: .middle)
        canvas.text(yLabel, x: 20, y: field.y + field.height / 2, size: 11, align: .middle, quarterTurn: true)
    }

    private func draw(_ curve: Series, color: Color, on canvas: Canvas, _ field: Field) {
        for run in curve.finiteRuns {
            if let band = curve.band {
                let upper = run.map {
                    field.place(curve.x[$0], curve.y[$0] + (abs(band[$0]) <= Series.largest ? band[$0] : 0))
                }
                let lower = run.map {
                    field.place(curve.x[$0], curve.y[$0] - (abs(band[$0]) <= Series.largest ? band[$0] : 0))
                }
                canvas.fill(upper + lower.reversed(), color: color, opacity: 0.18)
            }
            let points = run.map { field.place(curve.x[$0], curve.y[$0]) }
            if joinsPoints { canvas.line(points, color: color, width: 1.6) }
            if marksPoints || points.count == 1 {
                for point in points { canvas.disk(x: point.x, y: point.y, radius: 2.6, color: color) }
            }
        }
    }

    /// What the axes span: all that is drawn, and a twentieth more.
    private var ranges: (x: ClosedRange<Double>, y: ClosedRange<Double>) {
        let xs = series.flatMap(\.x).filter { abs($0) <= Series.largest }
        var ys: [Double] = []
        for curve in series {
            for (index, y) in curve.y.enumerated() where curve.isDrawn(index) {
                let band = curve.band.map { abs($0[index]) <= Series.largest ? $0[index] : 0 } ?? 0
                ys += [y - band, y + band]
            }
        }
        if let reference, abs(reference.value) <= Series.largest { ys.append(reference.value) }
        return (Self.padded(xs), Self.padded(ys))
    }

    private static func padded(_ values: [Double]) -> ClosedRange<Double> {
        guard let low = values.min(), let high = values.max() else { return 0...1 }
        let margin = high > low ? (high - low) * 0.05 : max(abs(high) * 0.05, 0.5)
        return low - margin...high + margin
    }
}

extension LineChart.Series {
    /// What lies farther away is not drawn: sums and differences of such numbers may not be finite.
    fileprivate static let largest = 1e300

    fileprivate func isDrawn(_ index: Int) -> Bool { abs(x[index]) <= Self.largest && abs(y[index]) <= Self.largest }

    /// The points without gaps, each stretch by itself.
    fileprivate var finiteRuns: [[Int]] {
        var runs: [[Int]] = [[]]
        for index in x.indices {
            if isDrawn(index) { runs[runs.count - 1].append(index) } else { runs.append([]) }
        }
        return runs.filter { !$0.isEmpty }
    }
}

/// The rectangle inside the axes, and what lies where in it.
private struct Field {
    let x: Double
    let y: Double
    let width: Double
    let height: Double
    let xRange: ClosedRange<Double>
    let yRange: ClosedRange<Double>

    func place(_ horizontal: Double, _ vertical: Double) -> (x: Double, y: Double) {
        (
            x + (horizontal - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound) * width,
            y + height - (vertical - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound) * height
        )
    }
}
