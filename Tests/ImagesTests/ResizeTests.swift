import Images
import Testing

@Suite struct ResizeTests {
    @Test(
        arguments: [
            (Interpolation.bilinear, [20, 106, 214, 79, 78]),
            (.bilinear, [0, 25, 58, 92, 150, 209, 246, 143, 35, 55, 75, 90]),
            (.bicubic, [15, 101, 231, 71, 75]),
            (.bicubic, [0, 21, 58, 89, 150, 215, 255, 144, 20, 52, 78, 92]),
        ] as [(Interpolation, [UInt8])])
    func goldenRows(_ interpolation: Interpolation, _ expected: [UInt8]) {
        let row: [UInt8] = [0, 50, 100, 200, 255, 30, 60, 90]
        let image = Image(height: 8, width: 8, pixels: (0..<8).flatMap { _ in row.flatMap { [$0, $0, $0] } })
        let resized = image.resized(height: expected.count, width: expected.count, interpolation: interpolation)
        #expect(resized.pixels == (0..<expected.count).flatMap { _ in expected.flatMap { [$0, $0, $0] } })
    }

    @Test(arguments: ImageFixtures.all.resize)
    func everyFilterIsBitExact(_ fixture: ImageFixtures.Picture) throws {
        let source = ImageFixtures.all.resizeSource
        let image = try ImageFixtures.raw(source.file, height: source.height, width: source.width)
        let filter = try #require(fixture.filter.flatMap(Interpolation.init(rawValue:)))
        let resized = image.resized(height: fixture.height, width: fixture.width, interpolation: filter)
        #expect(resized == (try ImageFixtures.raw(fixture.file, height: fixture.height, width: fixture.width)))
    }

    @Test func ownSizeChangesNothing() throws {
        let image = try ImageFixtures.raw("resizing/source.rgb", height: 31, width: 23)
        for filter in Interpolation.allCases {
            #expect(image.resized(height: 31, width: 23, interpolation: filter) == image)
        }
    }
}
