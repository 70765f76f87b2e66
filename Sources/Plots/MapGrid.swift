/// Small pictures in rows and columns, layers by heads for example.
public struct MapGrid: Sendable {
    /// Row by row; all of one size.
    public var cells: [[Raster]]
    public var rowNames: [String]
    public var columnNames: [String]
    public var title: String

    public init(_ cells: [[Raster]], rowNames: [String], columnNames: [String], title: String) {
        precondition(!cells.isEmpty && !cells[0].isEmpty, "a grid needs a picture")
        self.cells = cells
        self.rowNames = rowNames
        self.columnNames = columnNames
        self.title = title
    }

    /// The drawing as a PNG file.
    public func png() -> [UInt8] {
        let columns = cells.map(\.count).max() ?? 1
        // A grid of many maps stays a picture one can look at whole.
        let cell = min(160, max(40, 960 / Double(max(columns, cells.count))))
        let aspect = Double(cells[0][0].height) / Double(cells[0][0].width)
        let size = (width: cell, height: cell * aspect), gap = 4.0
        let ruler = Canvas(width: 1, height: 1)
        let left = 14 + (rowNames.map { ruler.width(of: $0, size: 10) }.max() ?? 0), top = 58.0
        let width = left + Double(columns) * (size.width + gap) + 12
        let canvas = Canvas(
            width: max(width, ruler.width(of: title, size: 12) + 32),
            height: top + Double(cells.count) * (size.height + gap) + 12)
        canvas.text(title, x: canvas.width / 2, y: 24, size: 12, align: .middle)
        for (column, name) in columnNames.prefix(columns).enumerated() {
            let x = left + (Double(column) + 0.5) * (size.width + gap) - gap / 2
            canvas.text(name, x: x, y: top - 7, size: 10, align: .middle)
        }
        for (row, rasters) in cells.enumerated() {
            let y = top + Double(row) * (size.height + gap)
            if row < rowNames.count {
                canvas.text(rowNames[row], x: left - 6, y: y + size.height / 2 + 3.5, size: 10, align: .end)
            }
            for (column, raster) in rasters.enumerated() {
                canvas.draw(
                    raster, x: left + Double(column) * (size.width + gap), y: y, width: size.width,
                    height: size.height)
            }
        }
        return canvas.png()
    }
}
