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

    /// Reads the header and checks it against `limits`.
    ///
    /// - Throws: `ImageError` for what is no JPEG or PNG, has no readable header, or is too large.
    public init(of bytes: Bytes, limits: ImageLimits = .standard) throws(ImageError) {
        guard bytes.count <= limits.maxBytes else {
            throw ImageError.tooManyBytes(bytes.count, limit: limits.maxBytes)
        }
        let format = try ImageFormat(of: bytes)
        var bitsPerPixel = 0
        switch format {
        case .jpeg:
            let found = try JPEGHeader(of: bytes)
            (height, width, orientation) = (found.height, found.width, found.orientation)
        case .png:
            let found = try PNGHeader(of: bytes)
            (height, width, orientation) = (found.height, found.width, found.orientation)
            bitsPerPixel = found.bitsPerPixel
        }
        self.format = format
        guard max(height, width) <= limits.maxSide else {
            throw ImageError.tooLong(height: height, width: width, limit: limits.maxSide)
        }
        guard height * width <= limits.maxPixels else {
            throw ImageError.tooManyPixels(height: height, width: width, limit: limits.maxPixels)
        }
        // Passes of an interlaced image together have hardly more.
        guard Double(height * width) * Double(bitsPerPixel) / 8 <= Double(limits.maxUnpackedBytes) else {
            throw ImageError.tooMuchWork(format, height: height, width: width, limit: limits.maxUnpackedBytes)
        }
    }
}

extension Bytes {
    /// A big-endian integer at `offset`, or nil where it does not lie inside.
    func bigEndian<T: FixedWidthInteger>(at offset: Int, as type: T.Type = T.self) -> T? {
        littleEndian(at: offset, as: type).map(\.byteSwapped)
    }
}
