/// PNG files of 8-bit pixels, by libpng.
public enum PNG {
    /// The file of an image. `level` is zlib's, 0 (fast) to 9 (small).
    public static func encode(_ image: Image, level: Int = 6) -> [UInt8] {
        encode(image.pixels, height: image.height, width: image.width, channels: 3, level: level)
    }

    /// The file of pixels (height, width, 4): red, green, blue, alpha.
    public static func encode(rgba pixels: [UInt8], height: Int, width: Int, level: Int = 6) -> [UInt8] {
        encode(pixels, height: height, width: width, channels: 4, level: level)
    }

    /// The file of grey pixels (height, width).
    public static func encode(grey pixels: [UInt8], height: Int, width: Int, level: Int = 6) -> [UInt8] {
        encode(pixels, height: height, width: width, channels: 1, level: level)
    }
}
