import Platform

/// What the headers of a BMP say, in the ways in which Pillow's BmpImagePlugin.py reads them.
struct BMPHeader {
    /// How pixels are written down.
    enum Coding {
        /// Indices of a palette, of so many bits.
        case indices(bits: Int)
        /// Two bytes; green has five or six bits.
        case short(greenBits: Int)
        /// So many bytes, three of which are red, green and blue at these places.
        case bytes(count: Int, red: Int, green: Int, blue: Int)
        /// Runs of indices, of 4 or 8 bits.
        case runs(bits: Int)
    }

    /// The lengths that the second header may have: of OS/2, and of Windows since 3.
    static let lengths: [UInt8] = [12, 40, 52, 56, 64, 108, 124]

    let height: Int
    let width: Int
    /// Whether the first row is the upper one.
    let isTopDown: Bool
    let coding: Coding
    /// Where pixels begin.
    let start: Int
    /// (256, 3); black where the file says nothing.
    let palette: [UInt8]

    init(of bytes: Bytes) throws(ImageError) {
        guard let begin: UInt32 = bytes.littleEndian(at: 10), let length: UInt32 = bytes.littleEndian(at: 14),
            let header = bytes.slice(at: 14, count: Int(length))
        else { throw ImageError.truncated(.bmp) }
        let isOld = length == 12
        guard Self.lengths.contains(where: { UInt32($0) == length }),
            let bits: UInt16 = header.littleEndian(at: isOld ? 10 : 14)
        else { throw ImageError.damaged(.bmp, reason: "a header of \(length) bytes") }
        var compression: UInt32 = 0, colours: UInt32 = 0
        if isOld {
            height = Int(header.littleEndian(at: 6, as: UInt16.self) ?? 0)
            width = Int(header.littleEndian(at: 4, as: UInt16.self) ?? 0)
            isTopDown = false
        } else {
            let high = header.littleEndian(at: 8, as: UInt32.self) ?? 0
            // A negative height counts from the top.
            isTopDown = high >> 24 == 0xff
            height = Int(isTopDown ? 0 &- high : high)
            width = Int(header.littleEndian(at: 4, as: UInt32.self) ?? 0)
            compression = header.littleEndian(at: 16) ?? 0
            colours = header.littleEndian(at: 32) ?? 0
        }
        guard height > 0, width > 0 else {
            throw ImageError.damaged(.bmp, reason: "a size of \(width) × \(height) pixels")
        }
        var end = 14 + header.count
        var masks: [UInt32] = []
        if compression == 3 {
            // A header of 40 bytes has the masks behind it, without one of alpha.
            masks = (0..<(header.count >= 56 ? 4 : 3)).map { bytes.littleEndian(at: 54 + $0 * 4) ?? 0 }
            if header.count == 40 { end += 12 }
        }
        coding = try Self.coding(bits: Int(bits), compression: compression, masks: masks)
        var palette = [UInt8](repeating: 0, count: 256 * 3)
        if bits <= 8 {
            let count = colours == 0 ? 1 << Int(bits) : Int(colours)
            guard count <= 65_536 else { throw ImageError.damaged(.bmp, reason: "a palette of \(count) colours") }
            let size = isOld ? 3 : 4
            Self.read(&palette, count: count, size: size, of: bytes, at: end)
            end += count * size
        }
        self.palette = palette
        start = Int(begin) == 14 + header.count || begin == 0 ? end : Int(begin)
    }

    private static func coding(bits: Int, compression: UInt32, masks: [UInt32]) throws(ImageError) -> Coding {
        switch (compression, bits) {
        case (0, 1), (0, 4), (0, 8): return .indices(bits: bits)
        case (0, 16): return .short(greenBits: 5)
        case (0, 24): return .bytes(count: 3, red: 2, green: 1, blue: 0)
        case (0, 32): return .bytes(count: 4, red: 2, green: 1, blue: 0)
        case (1, 8), (2, 4): return .runs(bits: bits)
        case (3, 16) where Array(masks.prefix(3)) == [0x7c00, 0x3e0, 0x1f]: return .short(greenBits: 5)
        case (3, 16) where Array(masks.prefix(3)) == [0xf800, 0x7e0, 0x1f]: return .short(greenBits: 6)
        case (3, 24) where Array(masks.prefix(3)) == [0xff_0000, 0xff00, 0xff]:
            return .bytes(count: 3, red: 2, green: 1, blue: 0)
        case (3, 32):
            if masks.allSatisfy({ $0 == 0 }) { return .bytes(count: 4, red: 2, green: 1, blue: 0) }
            // Alpha is dropped, so what it has matters to nobody.
            let places = masks.prefix(3).map { mask in (0..<4).first { mask == 0xff << ($0 * 8) } }
            guard let red = places[0], let green = places[1], let blue = places[2], red != green, green != blue,
                red != blue
            else { throw ImageError.unsupported(.bmp, kind: "colours in other bits than whole bytes") }
            return .bytes(count: 4, red: red, green: green, blue: blue)
        case (3, _): throw ImageError.unsupported(.bmp, kind: "colours in other bits than usual")
        case (4, _), (5, _): throw ImageError.unsupported(.bmp, kind: "a JPEG or PNG inside")
        case (0, _): throw ImageError.unsupported(.bmp, kind: "\(bits) bits a pixel")
        default: throw ImageError.unsupported(.bmp, kind: "compression \(compression) of \(bits) bits a pixel")
        }
    }

    /// Reads the colours, blue first. A palette that says nothing but that index n is the grey n is none for Pillow, so
    /// that indices beyond it are grey as well.
    private static func read(_ palette: inout [UInt8], count: Int, size: Int, of bytes: Bytes, at start: Int) {
        var isGrey = true
        for index in 0..<min(count, 256) {
            guard let colour = bytes.slice(at: start + index * size, count: 3)?.array else {
                isGrey = false
                break
            }
            for channel in 0..<3 { palette[index * 3 + channel] = colour[2 - channel] }
            if colour.contains(where: { $0 != UInt8(index) }) { isGrey = false }
        }
        guard isGrey else { return }
        for index in min(count, 256)..<256 { for channel in 0..<3 { palette[index * 3 + channel] = UInt8(index) } }
    }
}
