/// Cuts images into fields whose numbers have their least significant byte first, or in either order.
extension Dissection {
    /// Chunks of a RIFF file, and of a frame those inside.
    static func webp(_ bytes: [UInt8]) -> [Piece] {
        var cutter = PieceCutter(bytes)
        cutter.cut(.fixed, 4)
        cutter.little(4, as: .count)
        cutter.cut(.fixed, 4)
        while !cutter.isAtEnd {
            let type = cutter.cut(.fixed, 4)
            var left = cutter.little(4, as: .count)
            func field(_ kind: Piece.Kind, _ width: Int) { left -= cutter.cut(kind, min(width, left)).count }
            switch type {
            case Array("VP8X".utf8): for width in [1, 3, 3, 3] { field(.little, width) }
            case Array("VP8 ".utf8):
                for (kind, width) in [(Piece.Kind.little, 3), (.fixed, 3), (.little, 2), (.little, 2)] {
                    field(kind, width)
                }
                for _ in 0..<24 { field(.little, 1) }
            case Array("VP8L".utf8):
                field(.fixed, 1)
                field(.little, 4)
                for _ in 0..<24 { field(.little, 1) }
            case Array("ANIM".utf8): for width in [4, 2] { field(.little, width) }
            case Array("ANMF".utf8):
                for width in [3, 3, 3, 3, 3, 1] { field(.little, width) }
                // The chunks of the frame come next.
                continue
            default: break
            }
            let isOdd = left % 2 != 0
            while left > 0, !cutter.isAtEnd { field(.data, 16) }
            if isOdd { cutter.cut(.checksum, 1) }
        }
        return cutter.pieces
    }

    /// The header, what lies before the first directory, its entries, and everything behind it as numbers of four bytes.
    static func tiff(_ bytes: [UInt8]) -> [Piece] {
        var cutter = PieceCutter(bytes)
        let isBig = cutter.cut(.fixed, 2).first == UInt8(ascii: "M")
        func number(_ width: Int) -> Int { isBig ? cutter.big(width) : cutter.little(width) }
        _ = number(2)
        let directory = number(4)
        var place = 8
        while place < directory, !cutter.isAtEnd { place += cutter.cut(.data, min(16, directory - place)).count }
        for _ in 0..<min(number(2), 4096) where !cutter.isAtEnd {
            for width in [2, 2, 4] { _ = number(width) }
            // Short values lie in the first two of four bytes.
            for _ in 0..<2 { _ = number(2) }
        }
        while !cutter.isAtEnd { _ = number(4) }
        return cutter.pieces
    }

    /// The headers field by field, colours, and pixels a few at a time.
    static func bmp(_ bytes: [UInt8]) -> [Piece] {
        var cutter = PieceCutter(bytes)
        cutter.cut(.fixed, 2)
        for width in [4, 2, 2] { cutter.little(width) }
        let start = cutter.little(4), length = cutter.little(4)
        let widths = length == 12 ? [2, 2, 2, 2] : [4, 4, 2, 2, 4, 4, 4, 4, 4, 4]
        for width in widths { cutter.little(width) }
        var place = 18 + widths.reduce(0, +)
        while place < start, !cutter.isAtEnd { place += cutter.cut(.little, min(4, start - place)).count }
        while !cutter.isAtEnd { cutter.cut(.data, 4) }
        return cutter.pieces
    }

    /// The screen, extensions and frames; blocks with their counts.
    static func gif(_ bytes: [UInt8]) -> [Piece] {
        var cutter = PieceCutter(bytes)
        func colours(_ flags: Int) {
            guard flags & 0x80 != 0 else { return }
            for _ in 0..<2 << (flags & 7) { cutter.cut(.text, 3) }
        }
        func blocks() {
            while !cutter.isAtEnd {
                var left = cutter.little(1, as: .count)
                guard left > 0 else { return }
                while left > 0, !cutter.isAtEnd { left -= cutter.cut(.data, min(16, left)).count }
            }
        }
        cutter.cut(.fixed, 6)
        for width in [2, 2] { cutter.little(width) }
        let flags = cutter.little(1)
        for width in [1, 1] { cutter.little(width) }
        colours(flags)
        while !cutter.isAtEnd {
            switch cutter.cut(.fixed, 1).first {
            case UInt8(ascii: "!"):
                cutter.little(1)
                blocks()
            case UInt8(ascii: ","):
                for width in [2, 2, 2, 2] { cutter.little(width) }
                colours(cutter.little(1))
                cutter.little(1)
                blocks()
            default: break
            }
        }
        return cutter.pieces
    }
}
