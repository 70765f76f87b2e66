import Platform

/// The size and the orientation of a PNG, found by walking its chunks.
struct PNGHeader {
    let height: Int
    let width: Int
    let orientation: Orientation
    /// What a pixel unpacks to before it becomes 8-bit RGB, bits; 64 where the header makes no sense, which is libpng's
    /// to say.
    let bitsPerPixel: Int

    init(of bytes: Bytes) throws(ImageError) {
        guard
            let length: UInt32 = bytes.bigEndian(at: 8), let type: UInt32 = bytes.bigEndian(at: 12),
            let width: UInt32 = bytes.bigEndian(at: 16), let height: UInt32 = bytes.bigEndian(at: 20)
        else { throw ImageError.truncated(.png) }
        guard length == 13, type == Self.code("IHDR") else {
            throw ImageError.damaged(.png, reason: "it does not begin with a header")
        }
        guard width > 0, height > 0, width < 1 << 31, height < 1 << 31 else {
            throw ImageError.damaged(.png, reason: "a size of \(width) × \(height) pixels")
        }
        (self.height, self.width) = (Int(height), Int(width))
        orientation = Self.orientation(in: bytes)
        let depth = bytes.count > 24 ? min(Int(bytes[24]), 16) : 16
        let channels = bytes.count > 25 ? [0: 1, 2: 3, 3: 1, 4: 2][bytes[25]] ?? 4 : 4
        bitsPerPixel = depth * channels
    }

    /// The orientation of an eXIf chunk, which may stand before or after the pixels. Broken chunks are libpng's to
    /// complain about.
    private static func orientation(in bytes: Bytes) -> Orientation {
        var offset = 8
        while let length: UInt32 = bytes.bigEndian(at: offset), let type: UInt32 = bytes.bigEndian(at: offset + 4) {
            if type == code("IEND") { break }
            if type == code("eXIf"), let body = bytes.slice(at: offset + 8, count: Int(length)) {
                return EXIF.orientation(in: body)
            }
            offset += 12 + Int(length)
        }
        return .up
    }

    private static func code(_ name: StaticString) -> UInt32 {
        name.description.utf8.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
