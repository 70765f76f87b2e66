import FoundationEssentials
import Images
import Platform
import TestSupport
import Testing

/// WebP, TIFF, BMP and GIF as Pillow reads them, and JPEGs at half their sides.
@Suite struct FormatTests {
    @Test(arguments: FormatFixtures.all.files.filter { $0.refused == nil })
    func pixelsAreThoseOfPillow(_ fixture: FormatFixtures.File) throws {
        let bytes = try ImageFixtures.bytes(fixture.file)
        let found = try Image.decoded(bytes, orientation: .ignore)
        let height = try #require(fixture.height), width = try #require(fixture.width)
        #expect(found.image == (try ImageFixtures.raw(fixture.file + ".rgb", height: height, width: width)))
        let format = try ImageFormat(of: bytes)
        #expect(found.warnings == (fixture.many == true ? [.firstOfMany(format)] : []))
        for warning in found.warnings { #expect(warning.description.contains("the first was read")) }
        guard let sides = fixture.upright else {
            // TIFF is turned already, and nothing else has a note.
            #expect(try Image.decode(bytes, orientation: .apply) == found.image)
            return
        }
        let upright = try ImageFixtures.raw(fixture.file + ".upright.rgb", height: sides.height, width: sides.width)
        #expect(try Image.decode(bytes, orientation: .apply) == upright)
    }

    @Test(arguments: FormatFixtures.all.files.filter { $0.refused != nil })
    func otherKindsAreRefusedByName(_ fixture: FormatFixtures.File) throws {
        let bytes = try ImageFixtures.bytes(fixture.file)
        let error = #expect(throws: ImageError.self) { try Image.decode(bytes, orientation: .ignore) }
        #expect(error?.description.contains(fixture.refused ?? "?") == true, "\(String(describing: error))")
    }

    @Test(arguments: FormatFixtures.all.halved)
    func jpegsOfManyPixelsAreHalvedAsLibjpegDoes(_ fixture: FormatFixtures.Halved) throws {
        let bytes = try ImageFixtures.bytes(fixture.file)
        let whole = try ImageHeader(of: bytes)
        let pixels = whole.height * whole.width
        let limits = ImageLimits(maxPixels: pixels - 1, maxHalvedPixels: pixels)
        let found = try Image.decoded(bytes, orientation: .ignore, limits: limits)
        let expected = try ImageFixtures.raw(fixture.half, height: fixture.height, width: fixture.width)
        // As in DecodeTests: libraries differ in the last levels.
        #expect(found.image.largestDifference(from: expected) <= 2)
        #expect(found.warnings == [.halved(height: whole.height, width: whole.width)])
        #expect(try ImageHeader(of: bytes, limits: limits).reduction == 2)
        // Above the second limit, and where there is none, it is refused with advice.
        for other in [
            ImageLimits(maxPixels: pixels - 2, maxHalvedPixels: pixels - 1), ImageLimits(maxPixels: pixels - 1),
        ] {
            let error = #expect(throws: ImageError.self) {
                try Image.decode(bytes, orientation: .ignore, limits: other)
            }
            #expect(error?.description.contains("scale it down") == true)
        }
    }

    /// The largest that is halved is then as large as the largest that is not.
    @Test func halvedImagesFitTheLimitOnPixels() {
        let limits = ImageLimits.standard
        #expect(limits.maxSide * limits.maxSide <= limits.maxHalvedPixels)
        #expect((limits.maxSide / 2) * (limits.maxSide / 2) <= limits.maxPixels)
    }

    /// Every format is told apart by its first bytes, and has a media type and endings of its own.
    @Test func formatsAreDeclaredOnce() throws {
        for format in ImageFormat.allCases {
            let folder = "Tests/Fixtures/images/\(format.rawValue)"
            let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
            let files = try FileManager.default.contentsOfDirectory(atPath: "/\(here)/\(folder)")
                .filter { file in format.endings.contains { file.hasSuffix($0) } }
            #expect(!files.isEmpty, "\(folder)")
            for file in files {
                #expect(try ImageFormat(of: ImageFixtures.bytes("\(format.rawValue)/\(file)")) == format)
            }
            #expect(format.endings.everyOne { ImageFormat(ending: $0) == format })
        }
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let page = try String(
            decoding: Data(contentsOf: URL(filePath: "/\(root)/docs/images.md")), as: UTF8.self)
        for format in ImageFormat.allCases {
            let endings = format.endings.map { "`\($0)`" }.joined(separator: ", ")
            #expect(
                page.contains("\n| \(format) | \(endings) | "), "docs/images.md has no row of \(format)")
        }
        #expect(Set(ImageFormat.allCases.map(\.mediaType)).count == ImageFormat.allCases.count)
        #expect(ImageFormat.names == "JPEG, PNG, WebP, TIFF, BMP or GIF")
    }
}
