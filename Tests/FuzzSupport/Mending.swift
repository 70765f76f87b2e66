import Platform

/// Puts files together again whose counts and checksums are right, whatever was done to the rest.
enum Mending {
    /// A PNG: each chunk is a count, a type, contents and a checksum.
    static func chunks(_ pieces: [Piece]) -> [UInt8] {
        var file: [UInt8] = [], chunk: [UInt8] = [], isInside = false
        for piece in pieces {
            switch piece.kind {
            case .count where isInside: chunk += piece.bytes
            case .count: isInside = true
            case .checksum where isInside:
                file += big(chunk.count - 4, 4) + chunk + big(Int(Deflate.crc32(Bytes(chunk))), 4)
                (chunk, isInside) = ([], false)
            default:
                if isInside { chunk += piece.bytes } else { file += piece.bytes }
            }
        }
        return file + chunk
    }

    /// A JPEG: the numbers after a count are its segment.
    static func segments(_ pieces: [Piece]) -> [UInt8] {
        var file: [UInt8] = [], index = 0
        while index < pieces.count {
            guard pieces[index].kind == .count else {
                file += pieces[index].bytes
                index += 1
                continue
            }
            let body = pieces[(index + 1)...].prefix { $0.kind == .big }
            file += big(body.reduce(2) { $0 + $1.bytes.count }, 2) + body.flatMap(\.bytes)
            index += 1 + body.count
        }
        return file
    }

    /// A WebP: after the type of a chunk, four bytes, stands how many bytes follow up to the next. A frame's own count
    /// stays, because chunks lie inside of it.
    static func riff(_ pieces: [Piece]) -> [UInt8] {
        var file: [UInt8] = [], index = 0
        while index < pieces.count {
            guard pieces[index].kind == .count, index > 1 else {
                file += pieces[index].bytes
                index += 1
                continue
            }
            // The next chunk begins at a type with a count behind it.
            var end = index + 1
            while end < pieces.count, !(pieces[end].kind == .fixed && pieces[end].bytes.count == 4) { end += 1 }
            var body = Array(pieces[(index + 1)..<end])
            body.removeAll { $0.kind == .checksum }
            let bytes = body.flatMap(\.bytes)
            let isFrame = pieces[index - 1].bytes == Array("ANMF".utf8)
            file += isFrame ? pieces[index].bytes : little(bytes.count, 4)
            file += bytes + (bytes.count.isMultiple(of: 2) ? [] : [0])
            index = end
        }
        guard file.count >= 8 else { return file }
        return file[..<4] + little(file.count - 8, 4) + file[8...]
    }

    /// A GIF: a count of one byte stands before the bytes of a block.
    static func blocks(_ pieces: [Piece]) -> [UInt8] {
        var file: [UInt8] = [], index = 0
        while index < pieces.count {
            guard pieces[index].kind == .count else {
                file += pieces[index].bytes
                index += 1
                continue
            }
            let body = pieces[(index + 1)...].prefix { $0.kind == .data }
            let bytes = body.flatMap(\.bytes)
            file += bytes.count < 256 ? [UInt8(bytes.count)] + bytes : pieces[index].bytes + bytes
            index += 1 + body.count
        }
        return file
    }

    /// A file with one header of text, whose length stands before it.
    static func header(_ pieces: [Piece]) -> [UInt8] {
        guard let place = pieces.firstIndex(where: { $0.kind == .count }) else { return pieces.flatMap(\.bytes) }
        let header = pieces[(place + 1)...].prefix { $0.kind != .data }.flatMap(\.bytes)
        let rest = pieces[(place + 1)...].drop { $0.kind != .data }.flatMap(\.bytes)
        let count = (0..<pieces[place].bytes.count).map { UInt8(truncatingIfNeeded: header.count >> ($0 * 8)) }
        return pieces[..<place].flatMap(\.bytes) + count + header + rest
    }

    private static func little(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func big(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
