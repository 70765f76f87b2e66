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

    @Test func aGridKeepsTheShapeOfItsMaps() {
        let map = Raster(width: 4, height: 2, rgb: Array(repeating: 7, count: 24))
        let grid = MapGrid([[map, map], [map, map]], rowNames: ["0", "1"], columnNames: ["a", "b"], title: "maps")
        #expect(isPNG(grid.png()))
    }
}
