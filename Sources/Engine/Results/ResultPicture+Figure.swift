import JSON
import Plots

// What an answer says itself about how it is drawn.
extension ResultPicture {
    func lines(_ figure: ResultFigure, _ array: NamedArray) -> [UInt8] {
        let points = array.shape.last ?? 0, values = array.doubles
        let names = figure.series.map { result.names($0) } ?? []
        let places = figure.x.map { result.names($0) } ?? []
        let numbers = figure.x.flatMap { result.anyArray($0)?.doubles } ?? []
        let x = (0..<points).map { point in
            if numbers.indices.contains(point) { return numbers[point] }
            return places.indices.contains(point) ? Double(places[point]) ?? Double(point) : Double(point)
        }
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
        if let reference = figure.reference, case .double(let level)? = result[reference] {
            chart.reference = (level, reference)
        }
        chart.hasWholeNumbers = x.allSatisfy { $0 == $0.rounded() }
        return chart.png()
    }

    func heatMap(_ figure: ResultFigure, _ array: NamedArray) -> [UInt8] {
        let shape = Array(array.shape.suffix(2)), size = shape.reduce(1, *)
        var map = HeatMap(
            Matrix(rows: shape[0], cols: shape[1], values: Array(array.doubles.prefix(size))),
            title: "\(figure.title): \(title)")
        if let series = figure.series { map.rowNames = result.names(series) }
        if let x = figure.x { map.columnNames = result.names(x) }
        (map.xLabel, map.yLabel) = (figure.xLabel, figure.yLabel)
        if result.scene.modelNames.count == 2 {
            (map.xLabel, map.yLabel) = (result.scene.modelNames[1], result.scene.modelNames[0])
        }
        map.colorMap = .viridis
        map.colorBarLabel = figure.values
        map.startsAtBottom = figure.startsAtBottom
        if let range = figure.range {
            map.range =
                min(
                    range.lowerBound, map.matrix.range.lowerBound)...max(
                    range.upperBound, map.matrix.range.upperBound)
        }
        return map.png()
    }

    func scatter(_ figure: ResultFigure, _ array: NamedArray) -> [UInt8] {
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
    func anyArray(_ name: String) -> NamedArray? { allArrays.first { $0.name == name }?.array }
}
