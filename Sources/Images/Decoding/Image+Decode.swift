public import Platform

/// What to do about a camera that was held sideways.
public enum OrientationRule: Sendable, Hashable {
    /// Turn the pixels upright, for images that people look at.
    case apply
    /// Leave them as stored, as torchvision's ImageFolder does with datasets.
    case ignore
}

extension Image {
    /// The image in the bytes of a file in one of the formats that are read.
    ///
    /// JPEG: baseline and progressive; grey, colour, CMYK and YCCK. PNG, WebP and GIF: every kind, the first frame of an
    /// animation. TIFF: the first page, in strips or tiles, without compression or with PackBits, LZW or deflate; grey,
    /// palette, RGB and CMYK of 8 or 16 bits, always turned upright. BMP: 1 to 32 bits a pixel, plain or run-length coded.
    /// Colours become those of Pillow's `Image.open(f).convert("RGB")`: alpha is dropped, 16-bit colours lose the lower
    /// eight bits, 16-bit grey is cut off at 255, profiles are not applied.
    ///
    /// - Throws: `ImageError`. Truncated and damaged files are errors; nothing is half decoded.
    public static func decode(
        _ bytes: Bytes, orientation: OrientationRule, limits: ImageLimits = .standard
    ) throws(ImageError) -> Image {
        try decoded(bytes, orientation: orientation, limits: limits).image
    }

    /// The image as `decode` has it, with what is odd about a file that is whole all the same.
    ///
    /// - Throws: as `decode`.
    public static func decoded(
        _ bytes: Bytes, orientation: OrientationRule, limits: ImageLimits = .standard
    ) throws(ImageError) -> DecodedImage {
        let header = try ImageHeader(of: bytes, limits: limits)
        let found =
            switch header.format {
            case .jpeg: try JPEG.decode(bytes, header, limits: limits)
            case .png:
                DecodedImage(
                    image: try PNG.decode(bytes, height: header.height, width: header.width), warnings: [])
            case .webp: try WebP.decode(bytes, height: header.height, width: header.width)
            case .tiff: try TIFF.decode(bytes, height: header.height, width: header.width, limits: limits)
            case .bmp: try BMP.decode(bytes)
            case .gif: try GIF.decode(bytes, height: header.height, width: header.width)
            }
        guard orientation == .apply || header.format.isAlwaysTurned else { return found }
        return DecodedImage(image: found.image.oriented(header.orientation), warnings: found.warnings)
    }

    /// The image in `bytes`, as the other.
    public static func decode(
        _ bytes: [UInt8], orientation: OrientationRule, limits: ImageLimits = .standard
    ) throws(ImageError) -> Image {
        try decode(Bytes(bytes), orientation: orientation, limits: limits)
    }
}
