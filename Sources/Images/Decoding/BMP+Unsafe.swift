import Platform

/// BMP pixels, in the ways in which Pillow's BmpImagePlugin.py reads them.
enum BMP {
    /// Decodes the file whose header has been read and found within the limits.
    static func decode(_ bytes: Bytes) throws(ImageError) -> DecodedImage {
        let header = try BMPHeader(of: bytes)
        let height = header.height, width = header.width
        var runs: [UInt8]?
        if case .runs(let bits) = header.coding {
            runs = try indices(bytes.array, from: header.start, bits: bits, height: height, width: width)
        }
        let image = try Image(height: height, width: width) { (target) throws(ImageError) in
            for row in 0..<height {
                let line = header.isTopDown ? row : height - 1 - row
                let pixels = UnsafeMutableBufferPointer(rebasing: target[(row * width * 3)..<((row + 1) * width * 3)])
                if let runs {
                    for column in 0..<width { header.paint(Int(runs[line * width + column]), pixels, column) }
                } else {
                    try read(bytes, header, line: line, into: pixels)
                }
            }
        }
        return DecodedImage(image: image, warnings: [])
    }

    /// Reads one line of pixels that are not coded in runs.
    private static func read(
        _ bytes: Bytes, _ header: BMPHeader, line: Int, into pixels: UnsafeMutableBufferPointer<UInt8>
    ) throws(ImageError) {
        let width = header.width
        let bits =
            switch header.coding {
            case .indices(let bits), .runs(let bits): bits
            case .short: 16
            case .bytes(let count, _, _, _): count * 8
            }
        // Lines end at multiples of four bytes; the last one may lack what it does not use.
        let stride = (width * bits + 31) / 32 * 4
        guard let source = bytes.slice(at: header.start + line * stride, count: (width * bits + 7) / 8) else {
            throw ImageError.truncated(.bmp)
        }
        source.withUnsafeBytes { source in
            for column in 0..<width {
                switch header.coding {
                case .indices(let bits), .runs(let bits):
                    let place = column * bits, shift = 8 - bits - place % 8
                    header.paint(Int(source[place / 8] >> UInt8(shift)) & (1 << bits - 1), pixels, column)
                case .short(let greenBits):
                    let pixel = Int(source[column * 2]) | Int(source[column * 2 + 1]) << 8
                    let most = 1 << greenBits - 1
                    pixels[column * 3] = UInt8((pixel >> (5 + greenBits) & 31) * 255 / 31)
                    pixels[column * 3 + 1] = UInt8((pixel >> 5 & most) * 255 / most)
                    pixels[column * 3 + 2] = UInt8((pixel & 31) * 255 / 31)
                case .bytes(let count, let red, let green, let blue):
                    pixels[column * 3] = source[column * count + red]
                    pixels[column * 3 + 1] = source[column * count + green]
                    pixels[column * 3 + 2] = source[column * count + blue]
                }
            }
        }
    }

    /// The indices (height, width) that runs stand for, the lowest row first.
    ///
    /// - Throws: `ImageError.truncated` where they end too early, as Pillow refuses such a file.
    private static func indices(
        _ bytes: [UInt8], from start: Int, bits: Int, height: Int, width: Int
    ) throws(ImageError) -> [UInt8] {
        let count = height * width
        var found: [UInt8] = []
        found.reserveCapacity(count)
        var place = start, column = 0
        /// The next byte; nil at the end.
        func next() -> UInt8? {
            guard place < bytes.count else { return nil }
            defer { place += 1 }
            return bytes[place]
        }
        reading: while found.count < count, let length = next(), let value = next() {
            switch (length, value) {
            case (1..., _):
                // What is too long for its row is cut off.
                let run = min(Int(length), max(0, width - column))
                for index in 0..<run { found.append(bits == 8 ? value : index % 2 == 0 ? value >> 4 : value & 15) }
                column += run
            case (_, 0):
                let used = found.count % width
                if used > 0 { found += repeatElement(0, count: width - used) }
                column = 0
            case (_, 1): break reading
            case (_, 2):
                guard let right = next(), let up = next() else { break reading }
                found += repeatElement(0, count: min(count - found.count, Int(right) + Int(up) * width))
                column = found.count % width
            default:
                let run = min(count - found.count, Int(value))
                for index in 0..<(bits == 8 ? run : (run + 1) / 2) {
                    guard let byte = next() else { break reading }
                    found.append(bits == 8 ? byte : byte >> 4)
                    if bits == 4, index * 2 + 1 < run { found.append(byte & 15) }
                }
                column += Int(value)
                // Such stretches end at even places.
                place += place % 2
            }
        }
        guard found.count >= count else { throw ImageError.truncated(.bmp) }
        return found
    }
}

extension BMPHeader {
    /// Writes the colour of `index` at `column`.
    fileprivate func paint(_ index: Int, _ pixels: UnsafeMutableBufferPointer<UInt8>, _ column: Int) {
        for channel in 0..<3 { pixels[column * 3 + channel] = palette[index * 3 + channel] }
    }
}
