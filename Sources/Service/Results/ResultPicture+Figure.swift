import Analysis
import JSON
import Plots

// What an answer says itself about how it is drawn.
extension ResultPicture {
    /// The first figure of the result.
    ///
    /// - Throws: `ServiceError.invalid` where the answer has no picture.
    func drawnFigure() throws(ServiceError) -> [UInt8] {
        guard let figure = result.figures.first, let array = result.anyArray(figure.values) else {
            throw .invalid("/format", "This answer has no picture. Ask for json, npy, npz or csv.")
        }
        switch figure.form {
        case .lines: return lines(figure, array)
        case .heatMap: return heatMap(figure, array)
        case .scatter: return scatter(figure, array)
        }
    }

    private func lines(_ figure: ResultFigure, _ array: NamedArray) -> [UInt8] {
        let points = array.shape.last ?? 0, values = array.doubles
        let names = figure.series.map { result.names($0) } ?? []
        let places = figure.x.map { result.names($0) } ?? []
        let x = (0..<points).map { places.indices.contains($0) ? Double(places[$0]) ?? Double($0) : Double($0) }
        let bands = figure.band.flatMap { result.anyArray($0)?.doubles }
        let count = points > 0 ? values.count / points : 0
        let series = (0..<count).map { row in
            let range = row * points..<(row + 1) * points
            return LineChart.Series(
                name: names.indices.contains(row) ? names[row] : "", x: x, y: Array(values[range]),
                band: bands.flatMap { $0.count == values.count ? Array($0[range]) : nil })
        }
        var chart = LineChart(
            series, title: "\(figure.title): \(title)", xLabel: figure.xLabel, yLabel: figure.yLabel)
        chart.isOrdered = figure.isOrdered
        chart.marksPoints = points <= 64
        chart.hasWholeNumbers = x.allSatisfy { $0 == $0.rounded() }
        return chart.png()
    }

    private func heatMap(_ figure: ResultFigure, _ array: NamedArray) -> [UInt8] {
        let shape = Array(array.shape.suffix(2)), size = shape.reduce(1, *)
        var map = HeatMap(
            Matrix(rows: shape[0], cols: shape[1], values: Array(array.doubles.prefix(size))),
            title: "\(figure.title): \(title)")
        if let series = figure.series { map.rowNames = result.names(series) }
        if let x = figure.x { map.columnNames = result.names(x) }
        (map.xLabel, map.yLabel) = (figure.xLabel, figure.yLabel)
        map.colorMap = .viridis
        return map.png()
    }

    private func scatter(_ figure: ResultFigure, _ array: NamedArray) -> [UInt8] {
        let dims = array.shape.last ?? 2, values = array.doubles
        let names = figure.series.map { result.names($0) } ?? []
        var order: [String] = [], groups: [String: [Int]] = [:]
        for point in 0..<(dims > 0 ? values.count / dims : 0) {
            let name = names.indices.contains(point) ? names[point] : ""
            if groups[name] == nil { order.append(name) }
            groups[name, default: []].append(point)
        }
        let series = order.map { name -> LineChart.Series in
            let points = groups[name] ?? []
            return LineChart.Series(
                name: name, x: points.map { values[$0 * dims] }, y: points.map { values[$0 * dims + 1] })
        }
        var chart = LineChart(
            series, title: "\(figure.title): \(title)", xLabel: figure.xLabel, yLabel: figure.yLabel)
        chart.joinsPoints = false
        return chart.png()
    }
}

extension AnalysisResult {
    /// The array called `name`, or `object.name` inside an object.
    fileprivate func anyArray(_ name: String) -> NamedArray? { allArrays.first { $0.name == name }?.array }
}
