import Images
import Platform
import Testing

@Suite struct DecodeTests {
    @Test(arguments: ImageFixtures.all.decode)
    func pixelsAreThoseOfPillow(_ fixture: ImageFixtures.Picture) throws {
        let image = try Image.decode(ImageFixtures.bytes(fixture.file), orientation: .ignore)
        let expected = try ImageFixtures.raw(fixture.file + ".rgb", height: fixture.height, width: fixture.width)
        // PNG is exact by definition. The JPEG fixtures were decoded by libjpeg-turbo 3.2; 2.1.5 gives the same.
        #expect(image.largestDifference(from: expected) <= (fixture.file.hasSuffix(".png") ? 0 : 2))
    }

    @Test(arguments: ImageFixtures.all.orient)
    func orientationIsAppliedOrIgnored(_ fixture: ImageFixtures.Picture) throws {
        let bytes = try ImageFixtures.bytes(fixture.file)
        #expect(try ImageHeader(of: bytes).orientation.rawValue == fixture.orientation)
        let turned = try Image.decode(bytes, orientation: .apply)
        let expected = try ImageFixtures.raw(fixture.file + ".rgb", height: fixture.height, width: fixture.width)
        #expect(turned.largestDifference(from: expected) <= (fixture.file.hasSuffix(".png") ? 0 : 2))
        let stored = try Image.decode(bytes, orientation: .ignore)
        #expect((stored.height, stored.width) == (10, 17))
    }

    @Test func headerComesWithoutDecoding() throws {
        let header = try ImageHeader(of: ImageFixtures.bytes("jpeg/420.jpg"))
        #expect((header.format, header.height, header.width, header.orientation) == (.jpeg, 45, 67, .up))
        #expect(try ImageHeader(of: ImageFixtures.bytes("png/6-16.png")).format == .png)
    }

    @Test(arguments: [
        ("", "the file is empty"), ("hello, world\n", "a text file"), ("8BPS\0\u{1}", "a Photoshop file"),
        ("RIFF\u{4}\0\0\0WAVEfmt ", "unknown kind"), ("\0\0\0\u{18}ftypheic\0\0\0\0", "a HEIC image"),
        ("\0\0\0\u{18}ftypavif\0\0\0\0", "an AVIF image"), ("\0\0\0\u{18}ftypisom\0\0\0\0", "a video"),
        ("BM\u{1}\u{2}", "unknown kind"), ("BMW, Audi and others\n", "a text file"),
        ("<?xml version='1.0'?>\n<svg xmlns='x'/>", "an SVG drawing"),
        ("<!DOCTYPE html><p>", "an HTML page"), ("%PDF-1.7", "a PDF document"), ("PK\u{3}\u{4}", "a zip archive"),
        ("\u{1}\u{2}\u{3}\u{4}", "unknown kind"),
    ])
    func otherFilesAreNamed(_ content: String, _ name: String) {
        let error = #expect(throws: ImageError.self) { try Image.decode(Array(content.utf8), orientation: .apply) }
        #expect(error?.description.contains(name) == true, "\(error?.description ?? "")")
        let advice = ["convert it to JPEG or PNG", "JPEG, PNG, WebP, TIFF, BMP or GIF"]
        #expect(advice.contains { error?.description.contains($0) == true })
    }

    @Test func limitsComeBeforePixels() throws {
        let bytes = try ImageFixtures.bytes("jpeg/progressive.jpg")
        func error(_ limits: ImageLimits) -> ImageError? {
            #expect(throws: ImageError.self) { try Image.decode(bytes, orientation: .ignore, limits: limits) }
        }
        #expect(error(ImageLimits(maxBytes: 100)) == .tooManyBytes(bytes.count, limit: 100))
        #expect(error(ImageLimits(maxSide: 66)) == .tooLong(height: 45, width: 67, limit: 66))
        #expect(error(ImageLimits(maxPixels: 3000)) == .tooManyPixels(height: 45, width: 67, limit: 3000))
        #expect(error(ImageLimits(maxScans: 3)) == .tooManyScans(limit: 3))
        #expect(error(ImageLimits(maxCPUSeconds: 0)) == .tooSlow(limit: 0))
    }

    @Test func hugeSizesAreRefusedByTheirHeader() throws {
        var png = try ImageFixtures.bytes("png/2-8.png").array
        png.replaceSubrange(16..<24, with: [0, 0, 0x40, 1, 0, 0, 0, 1])
        #expect(throws: ImageError.tooLong(height: 1, width: 16_385, limit: 16_384)) {
            try Image.decode(png, orientation: .ignore)
        }
        png.replaceSubrange(16..<24, with: [0, 0, 0x40, 0, 0, 0, 0x40, 0])
        #expect(throws: ImageError.tooManyPixels(height: 16_384, width: 16_384, limit: 64 << 20)) {
            try Image.decode(png, orientation: .ignore)
        }
        png.replaceSubrange(16..<24, with: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
        #expect(throws: ImageError.self) { try Image.decode(png, orientation: .ignore) }
        png.replaceSubrange(16..<24, with: [0, 0, 0, 0, 0, 0, 0, 1])
        #expect(throws: ImageError.self) { try Image.decode(png, orientation: .ignore) }
    }

    @Test func unsupportedJPEGsAreNamed() throws {
        var bytes = try ImageFixtures.bytes("jpeg/420.jpg").array
        let frame = try #require(bytes.indices.first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xc0 })
        bytes[frame + 4] = 12
        #expect(throws: ImageError.unsupported(.jpeg, kind: "12 bits a sample")) {
            try Image.decode(bytes, orientation: .ignore)
        }
        bytes[frame + 4] = 8
        bytes[frame + 1] = 0xc3
        #expect(throws: ImageError.unsupported(.jpeg, kind: "lossless or hierarchical coding")) {
            try Image.decode(bytes, orientation: .ignore)
        }
        bytes[frame + 1] = 0xc0
        bytes[frame + 9] = 2
        #expect(throws: ImageError.unsupported(.jpeg, kind: "2 colour components")) {
            try Image.decode(bytes, orientation: .ignore)
        }
    }

    @Test(arguments: ["truncated", "text"])
    func brokenEXIFIsNoReasonToRefuse(_ kind: String) throws {
        var bytes = try ImageFixtures.bytes("orientation/6.jpg").array
        let start = try #require(bytes.indices.first { Array(bytes[$0...].prefix(6)) == Array("Exif\0\0".utf8) }) + 6
        // The directory far outside, or no TIFF at all.
        bytes.replaceSubrange(start + 4..<start + 8, with: [0xff, 0xff, 0xff, 0xf0])
        if kind == "text" { bytes.replaceSubrange(start..<start + 4, with: Array("ouch".utf8)) }
        #expect(try ImageHeader(of: Bytes(bytes)).orientation == .up)
        #expect(try Image.decode(bytes, orientation: .apply).height == 10)
    }
}
