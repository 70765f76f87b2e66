/// A matrix as coloured cells, with names along two sides and a colour bar.
public struct HeatMap: Sendable {
    public var matrix: Matrix
    public var title: String
    public var xLabel = ""
    public var yLabel = ""
    /// One for each column; where there are too many, every second or third is written.
    public var columnNames: [String] = []
    /// One for each row, the first at the top.
    public var rowNames: [String] = []
    public var colorBarLabel = ""
    public var colorMap = ColorMap.plasma
    /// The numbers at the ends of the colour bar; nil for the least and the greatest.
    public var range: ClosedRange<Double>?
    /// Whether the first row is at the bottom, as in a plot.
    public var startsAtBottom = false

    public init(_ matrix: Matrix, title: String) {
        self.matrix = matrix
        self.title = title
    }

    /// The drawing as a PNG file.
    public func png() -> [UInt8] {
        // Square cells in a field of at most 400 × 400, with room for the names that there are.
        let cell = min(400 / Double(max(matrix.rows, matrix.cols)), 56)
        let field = (width: max(cell * Double(matrix.cols), 60), height: max(cell * Double(matrix.rows), 60))
        let ruler = Canvas(width: 1, height: 1)
        let nameWidth = rowNames.map { ruler.width(of: $0, size: 10) }.max() ?? 0
        let columnWidth = columnNames.map { ruler.width(of: $0, size: 10) }.max() ?? 0
        // Long names would run into each other side by side.
        let turned = columnWidth > max(cell - 6, 12)
        let titleWidth = ruler.width(of: title, size: 12)
        let left = 24 + nameWidth + (yLabel.isEmpty ? 0 : 22), top = 44.0
        let bottom = 28 + (turned ? columnWidth : 12) + (xLabel.isEmpty ? 0 : 20)
        let right = 96 + (colorBarLabel.isEmpty ? 0 : 20.0)
        let width = max(left + field.width + right, titleWidth + 40)
        let canvas = Canvas(width: width, height: top + field.height + bottom)
        let shown = range ?? matrix.range
        let drawn = startsAtBottom ? matrix.flipped : matrix
        canvas.draw(
            Raster(drawn, colorMap: colorMap, range: shown, cell: cellPixels), x: left, y: top, width: field.width,
            height: field.height)
        canvas.rectangle(x: left, y: top, width: field.width, height: field.height, color: .ink, lineWidth: 0.8)
        canvas.text(
            title, x: min(max(left + field.width / 2, titleWidth / 2 + 20), width - titleWidth / 2 - 20), y: 26,
            size: 12, align: .middle)
        if let note = missingNote {
            canvas.text(note, x: left + field.width / 2, y: 40, size: 9, align: .middle)
        }
        drawNames(canvas, left: left, top: top, field: field, turned: turned)
        if !xLabel.isEmpty {
            canvas.text(xLabel, x: left + field.width / 2, y: canvas.height - 12, size: 11, align: .middle)
        }
        if !yLabel.isEmpty {
            canvas.text(yLabel, x: 20, y: top + field.height / 2, size: 11, align: .middle, quarterTurn: true)
        }
        canvas.colorBar(
            colorMap, range: shown, label: colorBarLabel, x: left + field.width + 18, y: top, width: 14,
            height: field.height)
        return canvas.png()
    }

    /// One is enough for a colour; stripes need some.
    private var cellPixels: Int {
        missingNote == nil ? 1 : min(max(2048 / max(matrix.rows, matrix.cols), 1), 32)
    }

    /// What stripes mean, where there are any.
    private var missingNote: String? {
        let count = matrix.values.count { !$0.isFinite }
        guard count > 0 else { return nil }
        return count == matrix.values.count ? "no finite number" : "striped: no finite number"
    }

    private func drawNames(
        _ canvas: Canvas, left: Double, top: Double, field: (width: Double, height: Double), turned: Bool
    ) {
        let cellWidth = field.width / Double(matrix.cols), cellHeight = field.height / Double(matrix.rows)
        let columnStep = Int(exactly: ((turned ? 13 : 16) / cellWidth).rounded(.up)) ?? 1
        for column in stride(from: 0, to: min(columnNames.count, matrix.cols), by: max(columnStep, 1)) {
            let x = left + (Double(column) + 0.5) * cellWidth, y = top + field.height
            canvas.line([(x, y), (x, y + 3.5)], color: .ink, width: 0.8)
            if turned {
                canvas.text(columnNames[column], x: x + 3.5, y: y + 8, size: 10, align: .end, quarterTurn: true)
            } else {
                canvas.text(columnNames[column], x: x, y: y + 15, size: 10, align: .middle)
            }
        }
        let rowStep = max(Int(exactly: (13 / cellHeight).rounded(.up)) ?? 1, 1)
        for row in stride(from: 0, to: min(rowNames.count, matrix.rows), by: rowStep) {
            let place = startsAtBottom ? matrix.rows - 1 - row : row
            let y = top + (Double(place) + 0.5) * cellHeight
            canvas.line([(left - 3.5, y), (left, y)], color: .ink, width: 0.8)
            canvas.text(rowNames[row], x: left - 6, y: y + 3.5, size: 10, align: .end)
        }
    }
}

extension Matrix {
    /// The rows from the last to the first.
    fileprivate var flipped: Matrix {
        Matrix(
            rows: rows, cols: cols,
            values: (0..<rows).reversed().flatMap { values[$0 * cols..<($0 + 1) * cols] })
    }
}

extension Canvas {
    /// The colours from the least at the bottom to the greatest at the top, with numbers.
    func colorBar(
        _ colorMap: ColorMap, range: ClosedRange<Double>, label: String, x: Double, y: Double, width: Double,
        height: Double
    ) {
        let steps = Matrix(rows: 256, cols: 1, values: (0..<256).map { 1 - Double($0) / 255 })
        draw(Raster(steps, colorMap: colorMap, range: 0...1, cell: 1), x: x, y: y, width: width, height: height)
        rectangle(x: x, y: y, width: width, height: height, color: .ink, lineWidth: 0.8)
        let ticks = Ticks(range, count: max(2, Int(exactly: (height / 60).rounded(.down)) ?? 2))
        let span = range.upperBound - range.lowerBound
        var reach = 0.0
        for (value, text) in zip(ticks.values, ticks.labels) {
            let height = y + height - (span > 0 && span.isFinite ? (value - range.lowerBound) / span : 0) * height
            line([(x + width, height), (x + width + 3.5, height)], color: .ink, width: 0.8)
            self.text(text, x: x + width + 6, y: height + 3.5, size: 10)
            reach = max(reach, self.width(of: text, size: 10))
        }
        if !label.isEmpty {
            text(label, x: x + width + reach + 24, y: y + height / 2, size: 11, align: .middle, quarterTurn: true)
        }
    }
}
