import Platform

/// The size and the orientation of a JPEG, found by walking its segments up to the first scan.
struct JPEGHeader {
    let height: Int
    let width: Int
    let orientation: Orientation

    init(of bytes: Bytes) throws(ImageError) {
        var offset = 2
        var size: (height: Int, width: Int)?
        var exif: [UInt8] = []
        while true {
            let marker = try Self.nextMarker(in: bytes, at: &offset)
            switch marker {
            case 0x01, 0xd0...0xd8: continue
            case 0xd9: throw ImageError.damaged(.jpeg, reason: "it ends without an image")
            default: break
            }
            guard let length: UInt16 = bytes.bigEndian(at: offset) else { throw ImageError.truncated(.jpeg) }
            guard length >= 2 else { throw ImageError.damaged(.jpeg, reason: "a segment without length") }
            if marker == 0xda { break }
            guard let body = bytes.slice(at: offset + 2, count: Int(length) - 2) else {
                throw ImageError.truncated(.jpeg)
            }
            if Self.isFrame(marker) {
                guard size == nil else { throw ImageError.damaged(.jpeg, reason: "two frames") }
                size = try Self.size(of: body, marker: marker)
            } else if Self.isCutOff(body, marker: marker) {
                throw ImageError.damaged(.jpeg, reason: "a JFIF or Adobe segment that is too short")
            } else if marker == 0xe1, body.slice(at: 0, count: 6)?.array == Array("Exif\0\0".utf8) {
                // A block too long for one segment continues in the next.
                exif += body.array.dropFirst(6)
            }
            offset += Int(length)
        }
        guard let size else { throw ImageError.damaged(.jpeg, reason: "a scan without a frame before it") }
        (height, width) = size
        orientation = EXIF.orientation(in: Bytes(exif))
    }

    /// Whether a JFIF or Adobe segment ends before its version does, which Pillow takes for no image.
    private static func isCutOff(_ body: Bytes, marker: UInt8) -> Bool {
        let name = marker == 0xe0 ? "JFIF" : marker == 0xee ? "Adobe" : nil
        guard let name, body.count < 7 else { return false }
        return body.slice(at: 0, count: name.utf8.count)?.array == Array(name.utf8)
    }

    /// The next marker's code; `offset` moves behind it. What is no marker is passed over, as libjpeg does.
    private static func nextMarker(in bytes: Bytes, at offset: inout Int) throws(ImageError) -> UInt8 {
        while offset + 1 < bytes.count {
            let code = bytes[offset + 1]
            if bytes[offset] == 0xff, code != 0, code != 0xff {
                offset += 2
                return code
            }
            offset += 1
        }
        throw ImageError.truncated(.jpeg)
    }

    /// Whether `marker` starts a frame: C0 to CF without tables and reserved codes.
    private static func isFrame(_ marker: UInt8) -> Bool {
        (0xc0...0xcf).contains(marker) && ![0xc4, 0xc8, 0xcc].contains(marker)
    }

    private static func size(of body: Bytes, marker: UInt8) throws(ImageError) -> (height: Int, width: Int) {
        guard let height: UInt16 = body.bigEndian(at: 1), let width: UInt16 = body.bigEndian(at: 3), body.count > 5
        else {
            throw ImageError.damaged(.jpeg, reason: "a frame header that is too short")
        }
        // Baseline, extended and progressive, by Huffman or arithmetic coding; not lossless, not hierarchical.
        guard [0xc0, 0xc1, 0xc2, 0xc9, 0xca].contains(marker) else {
            throw ImageError.unsupported(.jpeg, kind: "lossless or hierarchical coding")
        }
        guard body[0] == 8 else { throw ImageError.unsupported(.jpeg, kind: "\(body[0]) bits a sample") }
        guard [1, 3, 4].contains(body[5]) else {
            throw ImageError.unsupported(.jpeg, kind: "\(body[5]) colour components")
        }
        guard height > 0, width > 0 else {
            throw ImageError.unsupported(.jpeg, kind: "a size of \(width) × \(height) pixels in its header")
        }
        return (Int(height), Int(width))
    }
}
