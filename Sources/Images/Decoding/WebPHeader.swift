import Platform

/// The size and the orientation of a WebP, found by walking its chunks.
struct WebPHeader {
    let height: Int
    let width: Int
    let orientation: Orientation

    init(of bytes: Bytes) throws(ImageError) {
        guard let type: UInt32 = bytes.bigEndian(at: 12), bytes.count >= 25 else { throw ImageError.truncated(.webp) }
        switch type {
        case Self.code("VP8 "):
            guard let start: UInt32 = bytes.bigEndian(at: 22), let width: UInt16 = bytes.littleEndian(at: 26),
                let height: UInt16 = bytes.littleEndian(at: 28)
            else { throw ImageError.truncated(.webp) }
            guard start & 0x00ff_ffff == 0x009d_012a else {
                throw ImageError.damaged(.webp, reason: "a frame without its start code")
            }
            // The upper two bits ask viewers to scale.
            (self.height, self.width) = (Int(height & 0x3fff), Int(width & 0x3fff))
        case Self.code("VP8L"):
            guard bytes[20] == 0x2f, let bits: UInt32 = bytes.littleEndian(at: 21) else {
                throw ImageError.damaged(.webp, reason: "a lossless image without its signature")
            }
            (height, width) = (Int(bits >> 14 & 0x3fff) + 1, Int(bits & 0x3fff) + 1)
        case Self.code("VP8X"):
            guard let wide: UInt32 = bytes.littleEndian(at: 24), let high: UInt32 = bytes.littleEndian(at: 26) else {
                throw ImageError.truncated(.webp)
            }
            (height, width) = (Int(high >> 8) + 1, Int(wide & 0xff_ffff) + 1)
        default: throw ImageError.damaged(.webp, reason: "it does not begin with an image")
        }
        guard height > 0, width > 0 else {
            throw ImageError.damaged(.webp, reason: "a size of \(width) × \(height) pixels")
        }
        orientation = type == Self.code("VP8X") ? Self.orientation(in: bytes) : .up
    }

    /// The orientation of an EXIF chunk, which may stand before or after the pixels.
    private static func orientation(in bytes: Bytes) -> Orientation {
        var offset = 12
        while let type: UInt32 = bytes.bigEndian(at: offset), let length: UInt32 = bytes.littleEndian(at: offset + 4) {
            let count = Int(length)
            if type == code("EXIF"), let body = bytes.slice(at: offset + 8, count: count) {
                // Some programs write JPEG's words before the block.
                let named = body.slice(at: 0, count: 6)?.array == Array("Exif\0\0".utf8)
                return EXIF.orientation(in: named ? body.slice(at: 6, count: count - 6) ?? body : body)
            }
            // Chunks begin at even places.
            offset += 8 + count + count % 2
        }
        return .up
    }

    private static func code(_ name: StaticString) -> UInt32 {
        name.description.utf8.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
