import Plots
import Testing

@Suite struct RasterTests {
    private let black = Raster(width: 2, height: 1, rgb: [0, 0, 0, 0, 0, 0])

    @Test func theEndsOfTheColourMapsAreMatplotlibs() {
        #expect(ColorMap.plasma.color(0) == Color(red: 0x0d, green: 0x08, blue: 0x87))
        #expect(ColorMap.plasma.color(1) == Color(red: 0xf0, green: 0xf9, blue: 0x21))
        #expect(ColorMap.viridis.color(-1) == Color(red: 0x44, green: 0x01, blue: 0x54))
        #expect(ColorMap.viridis.color(2) == Color(red: 0xfd, green: 0xe7, blue: 0x25))
    }

    @Test func eachPixelHasTheColourOfItsCell() {
        let matrix = Matrix(rows: 1, cols: 2, values: [0, 1])
        let raster = Raster(matrix, colorMap: .plasma, range: 0...1, cell: 2)
        #expect(raster.width == 4 && raster.height == 2)
        #expect(Array(raster.rgb[0..<3]) == [0x0d, 0x08, 0x87])
        #expect(Array(raster.rgb[6..<9]) == [0xf0, 0xf9, 0x21])
    }

    @Test func aConstantMapIsDrawnInTheLowestColour() {
        let raster = Raster(Matrix(rows: 1, cols: 1, values: [3]), colorMap: .plasma, range: 3...3, cell: 1)
        #expect(raster.rgb == [0x0d, 0x08, 0x87])
    }

    /// Stripes of grey, whatever the range; the widest range of numbers has its ends in the map's colours.
    @Test func whatIsNoNumberIsStriped() {
        let matrix = Matrix(rows: 1, cols: 4, values: [.nan, .infinity, -1.7e308, 1.7e308])
        let raster = Raster(matrix, colorMap: .plasma, range: matrix.range, width: 64, height: 16)
        func pixel(_ x: Int, _ y: Int) -> [UInt8] { Array(raster.rgb[(y * 64 + x) * 3..<(y * 64 + x) * 3 + 3]) }
        let greys = Set((0..<32).flatMap { x in (0..<16).map { pixel(x, $0) } })
        #expect(greys == [[176, 176, 176], [128, 128, 128]])
        #expect(pixel(40, 3) == [0x0d, 0x08, 0x87] && pixel(63, 3) == [0xf0, 0xf9, 0x21])
    }

    @Test func blendingTakesTheShareOfEach() {
        let white = Raster(width: 2, height: 1, rgb: [255, 255, 255, 255, 255, 255])
        #expect(white.blended(over: black, opacity: 1) == white)
        #expect(white.blended(over: black, opacity: 0) == black)
        #expect(white.blended(over: black, opacity: 0.5).rgb == Array(repeating: 128, count: 6))
    }

    @Test func aFrameThatSticksOutIsCut() {
        var raster = black
        raster.frame(x: 1, y: -3, width: 9, height: 9, thickness: 1, color: Color(red: 9, green: 9, blue: 9))
        #expect(raster.rgb == [0, 0, 0, 9, 9, 9])
    }

    @Test func aPictureIsAPNGOfItsSize() {
        let png = black.enlarged(3).png()
        #expect(Array(png.prefix(8)) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
        #expect(Array(png[16..<24]) == [0, 0, 0, 6, 0, 0, 0, 3])
    }
}
