import Foundation
import Images
import Platform
import Testing

@Suite struct LabelImageTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/images/labels")

    private func mask(_ name: String) throws -> LabelImage {
        try LabelImage.decode(
            Bytes([UInt8](Data(contentsOf: Self.folder.appendingPathComponent(name + ".png")))))
    }

    /// What Pillow wrote: Fixtures/images/labels.py.
    @Test func placesInAPaletteAndGreyLevelsAreLabels() throws {
        let data = try Data(contentsOf: Self.folder.appendingPathComponent("labels.json"))
        let expected = try JSONDecoder().decode([String: [UInt8]].self, from: data)
        #expect(expected.count == 5)
        for (name, labels) in expected {
            let found = try mask(name)
            #expect(found.height == 5 && found.width == 7 && found.labels == labels, "\(name)")
        }
    }

    @Test(arguments: ["refused_rgb", "refused_alpha", "refused_grey16"]) func coloursAreNoLabels(_ name: String) {
        #expect(throws: ImageError.noLabels(.png)) { try mask(name) }
    }

    @Test func otherFormatsAreNoLabels() throws {
        let path = Self.folder.deletingLastPathComponent().appendingPathComponent("jpeg/444.jpg")
        let bytes = Bytes([UInt8](try Data(contentsOf: path)))
        #expect(throws: ImageError.noLabels(.jpeg)) { try LabelImage.decode(bytes) }
    }

    /// What a mask may cost is what any PNG may cost, and it is refused by its header.
    @Test func hostileMasksAreRefused() throws {
        let bytes = Bytes([UInt8](try Data(contentsOf: Self.folder.appendingPathComponent("palette8.png"))))
        func refusal(_ change: (inout ImageLimits) -> Void) -> ImageError? {
            var limits = ImageLimits.standard
            change(&limits)
            do throws(ImageError) { _ = try LabelImage.decode(bytes, limits: limits) } catch { return error }
            return nil
        }
        #expect(refusal { $0.maxBytes = 100 } == .tooManyBytes(bytes.count, limit: 100))
        #expect(refusal { $0.maxSide = 6 } == .tooLong(height: 5, width: 7, limit: 6))
        #expect(refusal { $0.maxPixels = 34 } == .tooManyPixels(height: 5, width: 7, limit: 34))
        #expect(refusal { $0.maxUnpackedBytes = 34 } == .tooMuchWork(.png, height: 5, width: 7, limit: 34))
        #expect(refusal { $0.maxUnpackedBytes = 35 } == nil)
        // Sixteen thousand pixels a side in 33 bytes.
        let large: [UInt8] =
            [137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13] + Array("IHDR".utf8)
            + [0, 0, 64, 0, 0, 0, 64, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0]
        #expect(throws: ImageError.tooManyPixels(height: 16_384, width: 16_384, limit: 64 << 20)) {
            try LabelImage.decode(Bytes(large))
        }
    }

    /// One row of pixels, whose whole scaled image would have four thousand million.
    @Test func aThinMaskIsScaledNoFurtherThanItIsSeen() throws {
        let labels = (0..<16_384).map { UInt8(truncatingIfNeeded: $0) }
        let view = EvaluationTransform(height: 512, width: 512, preprocess: try Preprocess(cropPct: 1))
            .view(of: LabelImage(height: 1, width: 16_384, labels: labels))
        #expect(view.labels.count == 512 * 512 && Set(view.labels) == [labels[8191], labels[8192]])
    }

    /// The same pixels in seven passes.
    @Test(arguments: ["0-1", "0-2", "0-4", "0-8", "3-1", "3-2", "3-4", "3-8"])
    func interlacedLabelsAreTheSame(_ kind: String) throws {
        #expect(try mask("../png/\(kind)-interlaced").labels == mask("../png/\(kind)").labels)
    }

    @Test func tornBytesAreAnError() throws {
        let bytes = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent("palette8.png")))
        for count in [0, 8, 20, bytes.count / 2, bytes.count - 20] {
            #expect(throws: ImageError.self) { try LabelImage.decode(Bytes(Array(bytes[..<count]))) }
        }
    }

    /// As wide as high after the shorter side has come to four pixels: two columns of the image are cut off.
    @Test func theModelsViewOfAMaskIsThatOfItsImage() throws {
        let mask = LabelImage(height: 2, width: 3, labels: [1, 2, 3, 4, 5, 6])
        let whole = try Preprocess(cropPct: 1)
        let view = EvaluationTransform(height: 4, width: 4, preprocess: whole).view(of: mask)
        #expect(view.labels == [1, 2, 2, 3, 1, 2, 2, 3, 4, 5, 5, 6, 4, 5, 5, 6])
        let same = EvaluationTransform(height: 2, width: 2, preprocess: whole).view(of: mask)
        #expect(same.labels == [1, 2, 4, 5])
    }

    /// Each drawn image knows its silhouette, which is neither nothing nor everything.
    @Test func drawnImagesKnowTheirMasks() throws {
        let drawn = try ShapesTextures(count: 20, imgSize: 48)
        for index in 0..<20 {
            let image = drawn.image(at: index), mask = drawn.mask(at: index),
                own = UInt8(clamping: 1 + drawn.shapeLabel(at: index))
            #expect(Set(mask.labels) == [0, own])
            let share = mask.labels.count { $0 == own }
            #expect(share > 100 && share < 48 * 48 - 100)
            // Background is darker than both colours, or brighter than both: the mask parts them.
            let grey = (0..<48 * 48).map { pixel in
                let (red, green, blue) = image[pixel / 48, pixel % 48]
                return 0.299 * Double(red) + 0.587 * Double(green) + 0.114 * Double(blue)
            }
            let inside = grey.indices.filter { mask.labels[$0] == own }.map { grey[$0] }
            let outside = grey.indices.filter { mask.labels[$0] == 0 }.map { grey[$0] }
            let (a, b) = (inside.reduce(0, +) / Double(inside.count), outside.reduce(0, +) / Double(outside.count))
            #expect(abs(a - b) > 25, "\(index): \(a), \(b)")
        }
        let textures = try ShapesTextures(count: 2, imgSize: 16, cue: .texture)
        #expect(Set(textures.mask(at: 1).labels) == [UInt8(clamping: 1 + textures.textureLabel(at: 1))])
    }
}
