import Images
import Testing

@Suite struct ImageTests {
    /// 2 rows of 3 pixels, red = row, green = column.
    private let image = Image(height: 2, width: 3, pixels: [0, 0, 9, 0, 1, 9, 0, 2, 9, 1, 0, 9, 1, 1, 9, 1, 2, 9])

    @Test func pixelsAreRowMajor() {
        #expect(image[1, 2] == (1, 2, 9))
        #expect(image[0, 1] == (0, 1, 9))
    }

    @Test func colourFills() {
        #expect(Image(height: 1, width: 2, red: 1, green: 2, blue: 3).pixels == [1, 2, 3, 1, 2, 3])
    }

    @Test func cropTakesAPart() {
        let part = image.cropped(top: 1, left: 1, height: 1, width: 2)
        #expect(part.pixels == [1, 1, 9, 1, 2, 9])
        #expect(image.cropped(top: 0, left: 0, height: 2, width: 3) == image)
    }

    @Test(arguments: [(-1, -1), (0, 0), (1, 2), (5, 5), (-2, 0)])
    func overlayIsCutAtTheEdges(_ top: Int, _ left: Int) {
        let black = Image(height: 2, width: 3, red: 0, green: 0, blue: 0)
        let over = Image(height: 2, width: 2, red: 7, green: 7, blue: 7)
        let result = black.overlaid(with: over, top: top, left: left)
        for row in 0..<2 {
            for column in 0..<3 {
                let covered = (top..<top + 2).contains(row) && (left..<left + 2).contains(column)
                #expect(result[row, column].red == (covered ? 7 : 0))
            }
        }
    }

    @Test func turnsUndoEachOther() {
        #expect(image.oriented(.turnedLeft).oriented(.turnedRight) == image)
        #expect(image.oriented(.turnedLeft)[0, 0] == (1, 0, 9))
        #expect(image.oriented(.turnedRight)[0, 0] == (0, 2, 9))
        for orientation in Orientation.allCases where orientation != .turnedLeft && orientation != .turnedRight {
            #expect(image.oriented(orientation).oriented(orientation) == image)
        }
    }
}
