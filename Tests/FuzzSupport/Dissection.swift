/// Cuts the files of each format into fields.
enum Dissection {
    /// A zip archive: headers, contents, directory and its end, as far as they are in order.
    static func zip(_ bytes: [UInt8]) -> [Piece] {
        var cutter = PieceCutter(bytes)
        while !cutter.isAtEnd {
            switch cutter.peek(4) {
            case [0x50, 0x4b, 3, 4]:
                cutter.cut(.fixed, 4)
                for _ in 0..<5 { cutter.little(2) }
                cutter.little(4)
                let size = cutter.little(4)
                cutter.little(4)
                let name = cutter.little(2), extra = cutter.little(2)
                cutter.cut(.text, name)
                Self.extra(&cutter, extra)
                cutter.cut(.data, size < 0xffff_ffff ? size : 64)
            case [0x50, 0x4b, 1, 2]:
                cutter.cut(.fixed, 4)
                for _ in 0..<6 { cutter.little(2) }
                for _ in 0..<3 { cutter.little(4) }
                let name = cutter.little(2), extra = cutter.little(2), comment = cutter.little(2)
                for width in [2, 2, 4, 4] { cutter.little(width) }
                cutter.cut(.text, name)
                Self.extra(&cutter, extra)
                cutter.cut(.text, comment)
            case [0x50, 0x4b, 5, 6]:
                cutter.cut(.fixed, 4)
                for width in [2, 2, 2, 2, 4, 4, 2] { cutter.little(width) }
            case [0x50, 0x4b, 6, 6]:
                cutter.cut(.fixed, 4)
                for width in [8, 2, 2, 4, 4, 8, 8, 8, 8] { cutter.little(width) }
            case [0x50, 0x4b, 6, 7]:
                cutter.cut(.fixed, 4)
                for width in [4, 8, 4] { cutter.little(width) }
            case [0x50, 0x4b, 7, 8]:
                cutter.cut(.fixed, 4)
                for _ in 0..<3 { cutter.little(4) }
            default: cutter.cut(.data, 1)
            }
        }
        return cutter.pieces
    }

    private static func extra(_ cutter: inout PieceCutter, _ count: Int) {
        guard count >= 4 else { return _ = cutter.cut(.data, count) }
        cutter.little(2)
        cutter.little(2)
        var left = count - 4
        while left >= 8 {
            cutter.little(8)
            left -= 8
        }
        cutter.cut(.data, left)
    }

    /// A pickle, or several and what follows the last, by instructions (CPython's pickletools).
    static func pickle(_ bytes: [UInt8]) -> [Piece] {
        var cutter = PieceCutter(bytes)
        while !cutter.isAtEnd {
            guard let code = cutter.cut(.fixed, 1).first else { break }
            switch code {
            case UInt8(ascii: "X"), UInt8(ascii: "B"), UInt8(ascii: "T"), 0x8b: cutter.cut(.data, cutter.little(4))
            case 0x8c, UInt8(ascii: "U"), UInt8(ascii: "C"), 0x8a: cutter.cut(.text, cutter.little(1))
            case 0x8d, 0x8e, 0x96: cutter.cut(.data, min(cutter.little(8), 1 << 20))
            case UInt8(ascii: "K"), UInt8(ascii: "q"), UInt8(ascii: "h"), 0x80: cutter.little(1)
            case UInt8(ascii: "M"): cutter.little(2)
            case UInt8(ascii: "J"), UInt8(ascii: "r"), UInt8(ascii: "j"): cutter.little(4)
            case UInt8(ascii: "G"): cutter.big(8)
            case 0x95: cutter.little(8)
            case UInt8(ascii: "c"), UInt8(ascii: "i"):
                cutter.line(.text)
                cutter.line(.text)
            case UInt8(ascii: "I"), UInt8(ascii: "L"), UInt8(ascii: "F"), UInt8(ascii: "S"), UInt8(ascii: "V"),
                UInt8(ascii: "p"), UInt8(ascii: "g"):
                cutter.line(.text)
            default: break
            }
        }
        return cutter.pieces
    }

    static func safeTensors(_ bytes: [UInt8]) -> [Piece] {
        var cutter = PieceCutter(bytes)
        cutter.words(cutter.little(8, as: .count))
        while !cutter.isAtEnd { cutter.cut(.data, 16) }
        return cutter.pieces
    }

    static func npy(_ bytes: [UInt8]) -> [Piece] {
        var cutter = PieceCutter(bytes)
        cutter.cut(.fixed, 6)
        let isFirst = cutter.cut(.fixed, 1) == [1]
        cutter.cut(.fixed, 1)
        cutter.words(cutter.little(isFirst ? 2 : 4, as: .count))
        while !cutter.isAtEnd { cutter.cut(.data, 16) }
        return cutter.pieces
    }

    static func text(_ bytes: [UInt8]) -> [Piece] {
        var cutter = PieceCutter(bytes)
        cutter.words(bytes.count)
        return cutter.pieces
    }

    /// Segments; of headers and tables every byte, of the pixels a few at a time.
    static func jpeg(_ bytes: [UInt8]) -> [Piece] {
        var cutter = PieceCutter(bytes)
        while !cutter.isAtEnd {
            guard cutter.byte(0) == 0xff, let marker = cutter.byte(1), marker != 0, marker != 0xff else {
                cutter.cut(.data, 4)
                continue
            }
            cutter.cut(.fixed, 2)
            guard !(0xd0...0xd9).contains(marker), marker != 1 else { continue }
            var left = cutter.big(2, as: .count) - 2
            while left > 0 {
                let width = (0xc0...0xcf).contains(marker) && marker != 0xc4 && left > 8 ? 2 : 1
                left -= max(cutter.cut(.big, min(width, left)).count, 1)
            }
        }
        return cutter.pieces
    }

    static func png(_ bytes: [UInt8]) -> [Piece] {
        var cutter = PieceCutter(bytes)
        cutter.cut(.fixed, 8)
        while !cutter.isAtEnd {
            var left = cutter.big(4, as: .count)
            let type = cutter.cut(.fixed, 4)
            let isHeader = type == Array("IHDR".utf8)
            while left > 0, !cutter.isAtEnd {
                let width = min(left, isHeader ? left > 5 ? 4 : 1 : 16)
                left -= cutter.cut(isHeader ? .big : .data, width).count
            }
            cutter.cut(.checksum, 4)
        }
        return cutter.pieces
    }
}
