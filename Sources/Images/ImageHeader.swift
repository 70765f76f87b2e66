public import Platform

/// What a file says about its image before anything is decoded.
public struct ImageHeader: Sendable, Hashable {
    public let format: ImageFormat
    /// Pixels as stored, before any turn.
    public let height: Int
    /// Pixels as stored, before any turn.
    public let width: Int
    /// How the camera was held.
    public let orientation: Orientation
    /// By how much each side shrinks when it is decoded: 2 for a JPEG of more pixels than are read otherwise, or 1.
    public let reduction: Int

    /// Reads the header and checks it against `limits`.
    ///
    /// - Throws: `ImageError` for what is in no format that is read, has no readable header, or is too large.
    public init(of bytes: Bytes, limits: ImageLimits = .standard) throws(ImageError) {
        guard bytes.count <= limits.maxBytes else {
            throw ImageError.tooManyBytes(bytes.count, limit: limits.maxBytes)
        }
        format = try ImageFormat(of: bytes)
        // Bits that a pixel unpacks to before it becomes 8-bit RGB, and bits that decoding holds for it beside that.
        var unpackedBits = 0, heldBits = 0
        var refusal: ImageError?
        switch format {
        case .jpeg:
            let found = try JPEGHeader(of: bytes)
            (height, width, orientation) = (found.height, found.width, found.orientation)
        case .png:
            let found = try PNGHeader(of: bytes)
            (height, width, orientation) = (found.height, found.width, found.orientation)
            unpackedBits = found.bitsPerPixel
        case .webp:
            let found = try WebPHeader(of: bytes)
            (height, width, orientation) = (found.height, found.width, found.orientation)
            // Lossless pixels are whole in four bytes before they are in three, and alpha has a fifth.
            heldBits = 40
        case .tiff:
            let found = try TIFF.header(of: bytes, limits: limits)
            (height, width, orientation) = (found.height, found.width, found.orientation)
            // Sizes are checked first.
            refusal = found.refusal
        case .bmp:
            let found = try BMPHeader(of: bytes)
            (height, width, orientation) = (found.height, found.width, .up)
        case .gif:
            (height, width) = try GIF.size(of: bytes)
            orientation = .up
        }
        guard max(height, width) <= limits.maxSide else {
            throw ImageError.tooLong(height: height, width: width, limit: limits.maxSide)
        }
        let pixels = height * width
        reduction = format == .jpeg && pixels > limits.maxPixels && pixels <= limits.maxHalvedPixels ? 2 : 1
        guard pixels <= limits.maxPixels || reduction > 1 else {
            throw ImageError.tooManyPixels(height: height, width: width, limit: limits.maxPixels)
        }
        if let refusal { throw refusal }
        // Passes of an interlaced image together have hardly more.
        guard Double(pixels) * Double(unpackedBits) / 8 <= Double(limits.maxUnpackedBytes) else {
            throw ImageError.tooMuchWork(format, height: height, width: width, limit: limits.maxUnpackedBytes)
        }
        guard Double(pixels) * (3 + Double(heldBits) / 8) <= Double(limits.maxMemory) || heldBits == 0 else {
            throw ImageError.noMemory(height: height, width: width)
        }
    }
}

extension Bytes {
    /// A big-endian integer at `offset`, or nil where it does not lie inside.
    func bigEndian<T: FixedWidthInteger>(at offset: Int, as type: T.Type = T.self) -> T? {
        littleEndian(at: offset, as: type).map(\.byteSwapped)
    }
}
