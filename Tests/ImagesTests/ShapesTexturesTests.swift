import Images
import Testing

@Suite struct ShapesTexturesTests {
    @Test func picturesAreFunctionsOfSeedAndIndex() throws {
        let set = try ShapesTextures(count: 100, imgSize: 32, seed: 7)
        let again = try ShapesTextures(count: 1000, imgSize: 32, seed: 7)
        for index in [0, 3, 99] { #expect(set.image(at: index) == again.image(at: index)) }
        #expect(set.image(at: 0) != set.image(at: 1))
        #expect(set.image(at: 0) != (try ShapesTextures(imgSize: 32, seed: 8).image(at: 0)))
    }

    @Test(arguments: ShapesTextures.Cue.allCases)
    func labelsFollowTheCue(_ cue: ShapesTextures.Cue) throws {
        let set = try ShapesTextures(count: 5000, cue: cue)
        var pairs = [Int](repeating: 0, count: 100)
        for index in 0..<set.count { pairs[set.shapeLabel(at: index) * 10 + set.textureLabel(at: index)] += 1 }
        for shape in 0..<10 {
            // Shapes are uniform: 500 of each, give or take five standard deviations.
            #expect(abs(pairs[shape * 10..<shape * 10 + 10].reduce(0, +) - 500) < 107)
            for texture in 0..<10 {
                let count = pairs[shape * 10 + texture]
                switch cue {
                case .matched: #expect((count > 0) == (shape == texture))
                case .conflict: #expect((count > 0) == (shape != texture))
                case .independent, .shape, .texture: #expect(abs(count - 50) < 36)
                }
            }
        }
        #expect(set.classes == (cue == .texture ? ShapesTextures.textureNames : ShapesTextures.shapeNames))
    }

    @Test func silhouetteStandsOutFromItsBackground() throws {
        // Darker than both colours or brighter than both: the corners against the middle of the silhouette.
        let set = try ShapesTextures(imgSize: 48, seed: 1)
        for (index, shape) in ShapesTextures.Shape.allCases.enumerated() where shape != .ring && shape != .crescent {
            let image = set.image(shape: shape, texture: .checks, variation: index)
            func luminance(_ row: Int, _ column: Int) -> Double {
                let pixel = image[row, column]
                return (0.299 * Double(pixel.red) + 0.587 * Double(pixel.green) + 0.114 * Double(pixel.blue)) / 255
            }
            let corner = luminance(0, 0)
            let middle = (20..<28).flatMap { row in (20..<28).map { luminance(row, $0) } }
            #expect(abs(corner - 0.525) > 0.225, "\(shape): neither dark nor bright")
            #expect(middle.contains { abs($0 - corner) > 0.2 })
        }
    }

    @Test func cuesHideWhatTheySay() throws {
        let plain = try ShapesTextures(imgSize: 32, cue: .shape)
        #expect(
            plain.image(shape: .star, texture: .dots, variation: 4)
                == plain.image(shape: .star, texture: .checks, variation: 4))
        let full = try ShapesTextures(imgSize: 32, cue: .texture)
        #expect(
            full.image(shape: .star, texture: .dots, variation: 4)
                == full.image(shape: .disk, texture: .dots, variation: 4))
        #expect(
            full.image(shape: .star, texture: .dots, variation: 4)
                != full.image(shape: .star, texture: .bricks, variation: 4))
    }

    @Test func sizesScaleTheSamePicture() throws {
        let small = try ShapesTextures(imgSize: 48, seed: 2).image(at: 5)
        let large = try ShapesTextures(imgSize: 192, seed: 2).image(at: 5)
        let shrunk = large.resized(height: 48, width: 48, interpolation: .box)
        let difference = zip(small.pixels, shrunk.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(Double(difference) / Double(small.pixels.count) < 10)
    }

    @Test func sheetShowsEveryPair() throws {
        let sheet = try ShapesTextures(imgSize: 16).sheet(gap: 1)
        #expect((sheet.height, sheet.width) == (171, 171))
        #expect(sheet[0, 0] == (255, 255, 255))
    }

    @Test func nonsenseIsRefused() {
        #expect(throws: ImageError.self) { try ShapesTextures(count: 0) }
        #expect(throws: ImageError.self) { try ShapesTextures(count: .max) }
        #expect(throws: ImageError.self) { try ShapesTextures(imgSize: 8) }
        #expect(throws: ImageError.self) { try ShapesTextures(imgSize: 1 << 20) }
    }
}
