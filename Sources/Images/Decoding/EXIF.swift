import Platform

/// Reads the one field of EXIF that changes how an image is shown.
enum EXIF {
    /// The orientation in a TIFF block, `.up` where there is none or the block makes no sense: an image with a broken
    /// note on it is still an image.
    static func orientation(in tiff: Bytes) -> Orientation {
        let order: UInt16? = tiff.bigEndian(at: 0)
        let isBig: Bool
        switch order {
        case 0x4d4d: isBig = true
        case 0x4949: isBig = false
        default: return .up
        }
        func short(_ offset: Int) -> UInt16? { isBig ? tiff.bigEndian(at: offset) : tiff.littleEndian(at: offset) }
        func long(_ offset: Int) -> UInt32? { isBig ? tiff.bigEndian(at: offset) : tiff.littleEndian(at: offset) }

        guard short(2) == 42, let start = long(4).map(Int.init), let entries = short(start) else { return .up }
        // An entry has twelve bytes: tag, type, count, value.
        for index in 0..<Int(entries) {
            let entry = start + 2 + index * 12
            guard let tag = short(entry), let type = short(entry + 2), let count = long(entry + 4) else { return .up }
            guard tag == 0x0112 else { continue }
            let value: Int? =
                switch (type, count) {
                case (3, 1): short(entry + 8).map(Int.init)
                case (4, 1): long(entry + 8).map(Int.init)
                default: nil
                }
            return value.flatMap(Orientation.init(rawValue:)) ?? .up
        }
        return .up
    }
}
