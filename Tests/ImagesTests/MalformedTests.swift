import Images
import Platform
import Testing

/// Files that lie: every one must come back as an error or as a picture of the announced size.
@Suite struct MalformedTests {
    static let files = [
        "jpeg/420.jpg", "jpeg/progressive.jpg", "jpeg/cmyk.jpg", "jpeg/restart.jpg", "jpeg/grey.jpg",
        "orientation/6.jpg",
        "png/2-8.png", "png/0-16-interlaced.png", "png/3-4.png", "png/palette-alpha.png", "png/ancillary.png",
        "png/6-16-interlaced.png", "orientation/6.png", "png/filtered.png",
        "webp/lossy.webp", "webp/lossless.webp", "webp/lossy-alpha.webp", "webp/animated.webp", "webp/turned-6.webp",
        "tiff/rgb-plain.tif", "tiff/tiles-lzw.tif", "tiff/planes-tiles.tif", "tiff/palette-4.tif", "tiff/big.tif",
        "tiff/rgba16-deflate.tif", "tiff/grey-packbits.tif", "bmp/palette-8.bmp", "bmp/24-124.bmp", "bmp/runs-8.bmp",
        "bmp/16-565.bmp", "gif/plain.gif", "gif/interlaced.gif", "gif/written.gif",
    ]
    /// Those whose last bytes are part of the image itself.
    static let cut = files.filter { !$0.hasPrefix("tiff") && !$0.hasPrefix("gif") && !$0.hasPrefix("bmp/runs") }

    @Test(arguments: files)
    func truncatedFilesAreErrors(_ file: String) throws {
        let bytes = try ImageFixtures.bytes(file)
        // What ends a GIF, and what fills up the last line of a BMP, has no pixel.
        let whole = try Image.decode(bytes, orientation: .apply)
        let tail = file.hasPrefix("gif") || file.hasPrefix("bmp") ? 5 : 0
        for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 150)) {
            let part = try #require(bytes.slice(at: 0, count: count))
            do throws(ImageError) {
                let image = try Image.decode(part, orientation: .apply)
                #expect(image == whole && count + tail >= bytes.count, "\(count) of \(bytes.count) bytes are read")
            } catch {
                if count > 24, file.hasSuffix("png") { #expect(error == .truncated(.png), "\(count) bytes") }
            }
        }
    }

    @Test(arguments: cut)
    func aMissingEndIsCalledSo(_ file: String) throws {
        let bytes = try ImageFixtures.bytes(file)
        let format = try ImageFormat(of: bytes)
        // A JPEG may lack its end marker, two bytes, and still have all pixels: mutants.json has what Pillow says. So may
        // a BMP lack what fills up its last line.
        for missing in format == .jpeg ? 3...5 : format == .bmp ? 4...6 : 1...3 {
            let part = try #require(bytes.slice(at: 0, count: bytes.count - missing))
            #expect(throws: ImageError.truncated(format)) { try Image.decode(part, orientation: .apply) }
        }
    }

    @Test(arguments: files)
    func flippedBytesNeverCrash(_ file: String) throws {
        let original = try ImageFixtures.bytes(file).array
        var random = SystemlessRandom(state: 0x5eed)
        var refused = 0
        let rounds = 300
        for _ in 0..<rounds {
            var bytes = original
            for _ in 0...random.below(3) { bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
            do throws(ImageError) {
                let limits = ImageLimits(maxPixels: 1 << 20)
                let image = try Image.decode(bytes, orientation: .apply, limits: limits)
                #expect(image.pixels.count == image.height * image.width * 3)
            } catch {
                refused += 1
                #expect(!error.description.isEmpty)
            }
        }
        // Formats without checksums have pixels everywhere.
        #expect(refused > (file.hasPrefix("bmp") || file.hasPrefix("gif") ? rounds / 50 : rounds / 20))
    }

    @Test func pngChecksumsCount() throws {
        // The last byte of the first IDAT chunk's checksum stands before IEND, which has twelve bytes.
        var bytes = try ImageFixtures.bytes("png/2-8.png").array
        bytes[bytes.count - 13] ^= 1
        #expect(throws: ImageError.damaged(.png, reason: "IDAT: CRC error")) {
            try Image.decode(bytes, orientation: .ignore)
        }
    }

    /// Pillow takes them for no image, or finds two in one.
    @Test func cutOffSegmentsAreDamage() throws {
        let whole = try ImageFixtures.bytes("jpeg/420.jpg").array
        for (marker, name) in [(0xe0, "JFIF"), (0xee, "Adobe")] as [(UInt8, String)] {
            let short = [0xff, marker, 0, UInt8(name.utf8.count + 3)] + Array(name.utf8) + [0]
            #expect(throws: ImageError.damaged(.jpeg, reason: "a JFIF or Adobe segment that is too short")) {
                try Image.decode(whole[..<2] + short + whole[2...], orientation: .ignore)
            }
        }
        let second = Array(whole.dropLast()) + [0xc9]
        let error = #expect(throws: ImageError.self) { try Image.decode(second, orientation: .ignore) }
        #expect(error?.description.contains("damaged") == true)
    }

    @Test func jpegWithHolesIsDamaged() throws {
        var bytes = try ImageFixtures.bytes("jpeg/420.jpg").array
        let scan = try #require(bytes.indices.dropLast().last { bytes[$0] == 0xff && bytes[$0 + 1] == 0xda })
        // An end-of-image marker in the middle of the pixels.
        bytes.replaceSubrange(scan + 100..<scan + 102, with: [0xff, 0xd9])
        let error = #expect(throws: ImageError.self) { try Image.decode(bytes, orientation: .ignore) }
        #expect(error?.description.contains("premature end of data segment") == true)
    }
}

/// A generator whose numbers repeat on every machine.
private struct SystemlessRandom {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
}
