/// What an image may cost at most.
///
/// A few hundred bytes can announce gigabytes of pixels or hours of decoding (CVE-2019-13960 was refused as the
/// application's duty), so the limits are checked before anything is decoded.
public struct ImageLimits: Sendable, Hashable, Codable {
    /// Bytes of the file.
    public var maxBytes: Int
    /// Pixels a side.
    public var maxSide: Int
    /// Pixels in all.
    public var maxPixels: Int
    /// Pixels in all of a JPEG that has more than `maxPixels` and is decoded at half its sides; 0 for none.
    public var maxHalvedPixels: Int
    /// Passes over a progressive JPEG; real ones have about ten.
    public var maxScans: Int
    /// Passes over a progressive JPEG × its pixels. A scan of a few bytes passes over the whole image, so neither
    /// bytes nor pixels alone bound the work. Arithmetic coding counts eight times for each component, and its bytes.
    public var maxScanPixels: Int
    /// Bytes that the pixels of a PNG or TIFF unpack to before they become 8-bit RGB; zlib packs a thousand of them
    /// into one.
    public var maxUnpackedBytes: Int
    /// Bytes that decoding holds at once: pixels, and of a progressive JPEG two for each coefficient.
    public var maxMemory: Int
    /// Processor time of decoding a JPEG or TIFF, seconds. The limits on work keep it below; it is the second wall.
    public var maxCPUSeconds: Double

    public init(
        maxBytes: Int = 32 << 20, maxSide: Int = 16_384, maxPixels: Int = 64 << 20, maxHalvedPixels: Int = 0,
        maxScans: Int = 64,
        maxScanPixels: Int = 1 << 30, maxUnpackedBytes: Int = 256 << 20, maxMemory: Int = 512 << 20,
        maxCPUSeconds: Double = 2
    ) {
        self.maxBytes = maxBytes
        self.maxSide = maxSide
        self.maxPixels = maxPixels
        self.maxHalvedPixels = maxHalvedPixels
        self.maxScans = maxScans
        self.maxScanPixels = maxScanPixels
        self.maxUnpackedBytes = maxUnpackedBytes
        self.maxMemory = maxMemory
        self.maxCPUSeconds = maxCPUSeconds
    }

    /// For images that this program wrote: an image that was small as a JPEG is large as a PNG.
    public static let ownFiles = ImageLimits(maxBytes: 512 << 20)

    /// 32 MiB, 16,384 pixels a side, 64 megapixels (2²⁶), of a halved JPEG 256, 64 scans, 16 scans over 64 megapixels,
    /// 256 MiB unpacked, 512 MiB held, 2 seconds.
    public static let standard = files(maxBytes: 32 << 20)

    /// The standard limits for files of at most so many bytes.
    public static func files(maxBytes: Int) -> ImageLimits {
        ImageLimits(maxBytes: maxBytes, maxHalvedPixels: 256 << 20)
    }
}
