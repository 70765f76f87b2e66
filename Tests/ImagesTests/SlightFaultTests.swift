import TestSupport
import Images
import Platform
import Testing

/// Files that Pillow reads although something about them is odd, and those it does not.
@Suite struct SlightFaultTests {
    @Test(arguments: ImageFixtures.mutants)
    func slightlyBrokenJPEGsAreReadAsPillowReadsThem(_ mutant: ImageFixtures.Mutant) throws {
        let bytes = Bytes(try mutant.bytes())
        guard let pixels = mutant.pixels, !mutant.missing else {
            let error = #expect(throws: ImageError.self) { try Image.decode(bytes, orientation: .ignore) }
            if mutant.refused?.contains("truncated") == true { #expect(error == .truncated(.jpeg)) }
            return
        }
        let found = try Image.decoded(bytes, orientation: .ignore)
        if let warnings = mutant.warnings { #expect(found.warnings.map(\.name) == warnings) }
        // The decoder decides about the last grey level, so another library has another digest of the whole file, too.
        let whole = try Image.decode(ImageFixtures.bytes(mutant.base), orientation: .ignore)
        if mutant.isWhole { #expect(found.image == whole) }
        if try Self.isPillows(mutant.base) { #expect(SHA256.hex(of: found.image.pixels) == pixels) }
    }

    /// Whether this machine's decoder makes Pillow's pixels of the whole file to the last bit.
    private static func isPillows(_ base: String) throws -> Bool {
        let image = try Image.decode(ImageFixtures.bytes(base), orientation: .ignore)
        return try image.pixels == ImageFixtures.bytes(base + ".rgb").array
    }

    @Test func filesInOrderHaveNoWarning() throws {
        for picture in ImageFixtures.all.decode where picture.file != "jpeg/padding.jpg" {
            #expect(try Image.decoded(ImageFixtures.bytes(picture.file), orientation: .ignore).warnings.isEmpty)
        }
        let padded = try Image.decoded(ImageFixtures.bytes("jpeg/padding.jpg"), orientation: .apply)
        #expect(padded.warnings == [.strayBytes, .trailingBytes(14)])
        #expect(padded.warnings.everyOne { !$0.description.isEmpty })
    }

    /// A scan of a few bytes passes over the whole image: what counts is scans × pixels.
    @Test func scansTimesPixelsAreLimited() throws {
        let bytes = try ImageFixtures.bytes("jpeg/progressive.jpg")
        let pixels = 45 * 67
        let error = #expect(throws: ImageError.self) {
            try Image.decode(bytes, orientation: .ignore, limits: ImageLimits(maxScanPixels: 3 * pixels))
        }
        #expect(error == .tooMuchWork(.jpeg, height: 45, width: 67, limit: 3 * pixels))
        #expect(error?.description.contains("more than 3 scans over 67 × 45 pixels") == true)
        _ = try Image.decode(bytes, orientation: .ignore, limits: ImageLimits(maxScanPixels: 10 * pixels))
        // One scan is what the limit on pixels allows.
        let plain = try ImageFixtures.bytes("jpeg/420.jpg")
        _ = try Image.decode(plain, orientation: .ignore, limits: ImageLimits(maxScanPixels: 1))
        #expect(ImageLimits.standard.maxScanPixels / ImageLimits.standard.maxPixels == 16)
    }

    /// Half a megabyte of zlib can unpack to half a gigabyte, so what it unpacks to is limited before it does.
    @Test func unpackedBytesAreLimited() throws {
        var png = try ImageFixtures.bytes("png/6-16.png").array
        png.replaceSubrange(16..<24, with: [0, 0, 0x20, 0, 0, 0, 0x20, 0])
        #expect(throws: ImageError.tooMuchWork(.png, height: 8192, width: 8192, limit: 256 << 20)) {
            try ImageHeader(of: Bytes(png))
        }
        // With 8 bits a channel it is just what is allowed.
        png[24] = 8
        #expect(try ImageHeader(of: Bytes(png)).width == 8192)
        let small = try ImageFixtures.bytes("png/6-16-interlaced.png")
        let error = #expect(throws: ImageError.self) {
            try Image.decode(small, orientation: .ignore, limits: ImageLimits(maxUnpackedBytes: 13 * 19 * 8 - 1))
        }
        #expect(error?.description.contains("unpacks to more than 1975 bytes") == true)
        _ = try Image.decode(small, orientation: .ignore, limits: ImageLimits(maxUnpackedBytes: 13 * 19 * 8))
    }
}

extension ImageFixtures.Mutant {
    /// Whether the fault touches no pixel: all but a progression that says other things about its bits.
    fileprivate var isWhole: Bool { warnings?.contains("oddProgression") != true }
}

extension ImageWarning {
    fileprivate var name: String {
        switch self {
        case .oddScan: "oddScan"
        case .oddProgression: "oddProgression"
        case .strayBytes: "strayBytes"
        case .noEnd: "noEnd"
        case .trailingBytes: "trailingBytes"
        case .halved: "halved"
        case .firstOfMany: "firstOfMany"
        }
    }
}
