import TestSupport
import Images
import Platform
import Testing

@Suite struct PillowParityTests {
    @Test(arguments: AugmentationFixtures.all.cases)
    func isBitExact(_ fixture: AugmentationFixtures.Case) throws {
        let image = try AugmentationFixtures.image(fixture.source)
        let result = try #require(Self.apply(fixture, to: image))
        #expect(SHA256.hex(of: result.pixels) == fixture.sha256)
    }

    /// Pillow's figures: an impulse of 255 along a row.
    @Test(
        arguments: [
            (0.5, [1, 27, 199, 27, 1]), (1, [1, 14, 60, 103, 60, 14, 1]),
            (2, [2, 8, 18, 32, 44, 49, 44, 32, 18, 8, 2]), (0.3, [11, 233, 11]),
            (1.3, [6, 26, 58, 74, 58, 26, 6]),
        ] as [(Double, [UInt8])])
    func blurOfAnImpulse(_ sigma: Double, _ expected: [UInt8]) {
        let side = 41
        let pixels = (0..<side * side).flatMap { [UInt8](repeating: $0 % side == 20 ? 255 : 0, count: 3) }
        let blurred = Image(height: side, width: side, pixels: pixels).gaussianBlurred(sigma: sigma)
        let middle = (0..<side).map { blurred[20, $0].green }
        let reach = expected.count / 2
        #expect(Array(middle[20 - reach...20 + reach]) == expected)
        #expect(middle[..<(20 - reach)].everyOne { $0 == 0 })
    }

    /// Pillow's figures: four pixels.
    @Test func coloursOfFourPixels() {
        let image = Image(height: 1, width: 4, pixels: [200, 30, 90, 10, 10, 10, 0, 255, 128, 17, 90, 201])
        #expect(image.grayscale().pixels == [88, 10, 164, 81].flatMap { [UInt8](repeating: $0, count: 3) })
        #expect(image.adjustedHue(0.05).pixels == [200, 31, 43, 10, 10, 10, 0, 255, 198, 17, 39, 201])
        #expect(image.adjustedHue(-0.05).pixels == [200, 31, 138, 10, 10, 10, 0, 255, 54, 17, 143, 201])
        #expect(image.adjustedSaturation(1.17).pixels == [219, 20, 90, 10, 10, 10, 0, 255, 121, 6, 91, 221])
        #expect(image.adjustedBrightness(1.3).pixels == [255, 39, 116, 13, 13, 13, 0, 255, 166, 22, 116, 255])
        #expect(image.adjustedContrast(0.7).pixels == [165, 46, 88, 32, 32, 32, 25, 204, 115, 37, 88, 166])
    }

    private static func apply(_ fixture: AugmentationFixtures.Case, to image: Image) -> Image? {
        let number = fixture.arguments.first ?? 0, fill: [UInt8] = [124, 116, 104]
        switch fixture.operation {
        case "grayscale": return image.grayscale()
        case "flip": return image.flippedHorizontally()
        case "brightness": return image.adjustedBrightness(number)
        case "contrast": return image.adjustedContrast(number)
        case "saturation": return image.adjustedSaturation(number)
        case "sharpness": return image.adjustedSharpness(number)
        case "hue": return image.adjustedHue(number)
        case "blur": return image.gaussianBlurred(sigma: number)
        case "solarize": return image.solarized(threshold: Int(inRange: number))
        case "solarize_add": return image.solarizedAdding(Int(inRange: number))
        case "auto_contrast": return image.autoContrasted()
        case "equalize": return image.equalized()
        case "invert": return image.inverted()
        case "posterize": return image.posterized(bits: Int(inRange: number))
        case "rotate": return image.rotated(degrees: number, fill: fill)
        case "shear_x": return image.transformed(Affine(1, number, 0, 0, 1, 0), fill: fill)
        case "shear_y": return image.transformed(Affine(1, 0, 0, number, 1, 0), fill: fill)
        case "translate_x":
            return image.transformed(Affine(1, 0, number * Double(image.width), 0, 1, 0), fill: fill)
        case "translate_y":
            return image.transformed(Affine(1, 0, 0, 0, 1, number * Double(image.height)), fill: fill)
        case "resized_crop_bilinear", "resized_crop_bicubic":
            let box = fixture.arguments.map { Int(inRange: $0) }
            return image.cropped(CropBox(top: box[0], left: box[1], height: box[2], width: box[3]))
                .resized(
                    height: box[4], width: box[4],
                    interpolation: fixture.operation.hasSuffix("bicubic") ? .bicubic : .bilinear)
        default:
            guard let operation = RandAugment.Operation(rawValue: String(fixture.operation.dropFirst(13))) else {
                return nil
            }
            return RandAugment().apply(
                operation, magnitude: number, negated: fixture.arguments[1] == 1, to: image)
        }
    }
}
