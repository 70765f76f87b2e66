import Images
import Testing

@Suite struct PNGTests {
    @Test(arguments: [0, 1, 6, 9])
    func encodedPicturesComeBack(_ level: Int) throws {
        let image = try ImageFixtures.raw("resizing/source.rgb", height: 31, width: 23)
        #expect(try Image.decode(PNG.encode(image, level: level), orientation: .apply) == image)
    }

    @Test func alphaIsKeptInTheFile() throws {
        let file = PNG.encode(rgba: [1, 2, 3, 0, 4, 5, 6, 128], height: 1, width: 2)
        // Colour type 6 in the header; the colours come back without the alpha.
        #expect(file[25] == 6)
        #expect(try Image.decode(file, orientation: .ignore).pixels == [1, 2, 3, 4, 5, 6])
    }

    @Test func greyIsOneChannel() throws {
        let file = PNG.encode(grey: [0, 100, 255], height: 3, width: 1)
        #expect(file[25] == 0)
        #expect(try Image.decode(file, orientation: .ignore).pixels == [0, 0, 0, 100, 100, 100, 255, 255, 255])
    }
}
