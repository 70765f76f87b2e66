import Plots
import Testing

@Suite struct ChartTests {
    private func isPNG(_ bytes: [UInt8]) -> Bool {
        Array(bytes.prefix(4)) == [0x89, 0x50, 0x4e, 0x47] && bytes.count > 500
    }

    @Test func aHeatMapIsDrawnWithAndWithoutNames() {
        var heatMap = HeatMap(Matrix(rows: 2, cols: 3, values: [0, 1, .nan, 3, 4, 5]), title: "six cells")
        #expect(isPNG(heatMap.png()))
        heatMap.columnNames = ["embed", "blocks.0", "blocks.1"]
        heatMap.rowNames = ["embed", "blocks.0"]
        heatMap.colorBarLabel = "CKA"
        heatMap.startsAtBottom = true
        #expect(isPNG(heatMap.png()))
    }

    @Test func gapsSinglePointsAndNothingAtAllAreDrawn() {
        let gap = LineChart.Series(name: "gap", x: [0, 1, 2], y: [1, .nan, 2], band: [0.1, 0.1, .nan])
        let point = LineChart.Series(name: "point", x: [1], y: [7])
        let nothing = LineChart.Series(name: "nothing", x: [], y: [])
        for series in [[gap], [point], [nothing], [gap, point, nothing], []] {
            #expect(isPNG(LineChart(series, title: "t", xLabel: "x", yLabel: "y").png()))
        }
    }

    /// No range of finite numbers is too wide to be drawn, and what is no number has no colour of the map.
    @Test func numbersBeyondEveryAxisAreGaps() {
        for y in [
            [1e308, -1e308], [.infinity, 1], [.leastNonzeroMagnitude, 1e-300], [1e300, 1e300 * (1 + 1e-15)],
            [.nan, .nan],
        ] {
            let series = LineChart.Series(name: "", x: [0, 1], y: y, band: [1e308, .infinity])
            var chart = LineChart([series], title: "t", xLabel: "x", yLabel: "y")
            #expect(isPNG(chart.png()), "\(y)")
            chart.hasWholeNumbers = true
            chart.reference = (.infinity, "r")
            #expect(isPNG(chart.png()), "\(y)")
            #expect(isPNG(HeatMap(Matrix(rows: 1, cols: 2, values: y), title: "t").png()), "\(y)")
        }
    }

    @Test func aGridKeepsTheShapeOfItsMaps() {
        let map = Raster(width: 4, height: 2, rgb: Array(repeating: 7, count: 24))
        let grid = MapGrid([[map, map], [map, map]], rowNames: ["0", "1"], columnNames: ["a", "b"], title: "maps")
        #expect(isPNG(grid.png()))
    }
}
