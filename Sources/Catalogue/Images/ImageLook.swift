package import Images
package import Platform

/// What a look into the file of an image says.
package struct ImageLook: Sendable, Equatable, Codable {
    /// What is odd about it although the image is whole, sentences.
    package var warnings: [String] = []
    /// Why it cannot be used, a sentence.
    package var error: String?

    /// Decodes the file.
    package init(_ file: FolderImage) {
        do throws(ImageError) {
            let bytes = try file.bytes()
            warnings = try Image.decoded(bytes, orientation: .ignore).warnings.map { ServiceError.sentence("\($0)") }
            let format = try ImageFormat(of: bytes)
            // Names are compared byte by byte: they come from a disk.
            let end = file.path.utf8.suffix(8).map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
            if !format.endings.contains(where: { end.suffix($0.utf8.count).elementsEqual($0.utf8) }) {
                warnings.append("It is a \(format) by its bytes, whatever its name says, and was read as one.")
            }
        } catch {
            self.error = ServiceError(error).detail
        }
    }
}

extension ImageLook {
    /// Looks into files, in order, until so many cannot be used.
    package static func looks(at files: [FolderImage], faults: Int) -> [ImageLook] {
        var looks: [ImageLook] = [], found = 0
        for file in files where found < faults {
            let look = ImageLook(file)
            if look.error != nil { found += 1 }
            looks.append(look)
        }
        return looks
    }
}

/// Looks into files, in order; stops when so many cannot be used, so that there may be fewer looks than files.
package typealias ImageLooking = @Sendable (_ files: [FolderImage], _ faults: Int) async throws -> [ImageLook]

/// What an image is that somebody sent.
package struct ImageFacts: Sendable, Equatable, Codable {
    /// As shown, after the EXIF orientation, pixels.
    package let width: Int
    package let height: Int
    /// What is odd about the file although its image is whole, sentences.
    package let warnings: [String]

    package init(width: Int, height: Int, warnings: [String]) {
        self.width = width
        self.height = height
        self.warnings = warnings
    }
}

/// Decodes what somebody sent and writes its pixels, upright, as a PNG of our own to the second file.
package typealias ImageReading =
    @Sendable (_ file: OpenFile, _ pixels: OpenFile, _ limits: ImageLimits) async throws -> ImageFacts

package enum ImageReader {
    /// Decodes `file` and writes its pixels, in this process.
    ///
    /// - Throws: `ImageError`, `FileError`.
    package static func read(_ file: OpenFile, pixels: OpenFile, limits: ImageLimits) throws -> ImageFacts {
        let found = try Image.decoded(file.bytes(), orientation: .apply, limits: limits)
        try pixels.append(Bytes(PNG.encode(found.image, level: 1)))
        return ImageFacts(
            width: found.image.width, height: found.image.height,
            warnings: found.warnings.map { ServiceError.sentence("\($0)") })
    }
}
