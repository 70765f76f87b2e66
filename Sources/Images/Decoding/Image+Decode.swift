public import Platform

/// What to do about a camera that was held sideways.
public enum OrientationRule: Sendable, Hashable {
    /// Turn the pixels upright, for images that people look at.
    case apply
    /// Leave them as stored, as torchvision's ImageFolder does with datasets.
    case ignore
}

extension Image {
    /// The image in the bytes of a JPEG or PNG file.
    ///
    /// JPEG: baseline and progressive; grey, colour, CMYK and YCCK. PNG: every kind, the first frame of an animation.
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
            case .jpeg: try JPEG.decode(bytes, height: header.height, width: header.width, limits: limits)
            case .png:
                DecodedImage(
                    image: try PNG.decode(bytes, height: header.height, width: header.width), warnings: [])
            }
        guard orientation == .apply else { return found }
        return DecodedImage(image: found.image.oriented(header.orientation), warnings: found.warnings)
    }

    /// The image in the bytes of a JPEG or PNG file.
    public static func decode(
        _ bytes: [UInt8], orientation: OrientationRule, limits: ImageLimits = .standard
    ) throws(ImageError) -> Image {
        try decode(Bytes(bytes), orientation: orientation, limits: limits)
    }
}
