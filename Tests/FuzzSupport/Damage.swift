/// What can be done to the pieces of a file.
enum Damage: CaseIterable {
    case extremeNumber, nearNumber, numberEverywhere, cutOff, gone, twice, swapped, spliced, flipped, replaced, repeated

    /// Does it to `pieces`; `other` is a second file.
    func apply(to pieces: inout [Piece], other: [Piece], _ random: inout FuzzRandom) {
        guard !pieces.isEmpty, !other.isEmpty else { return }
        let place = random.below(pieces.count)
        switch self {
        case .extremeNumber: changeNumber(&pieces, &random) { Self.extreme($0, &$1) }
        case .nearNumber: changeNumber(&pieces, &random) { Self.near($0, &$1) }
        case .numberEverywhere:
            // The same lie in every place that tells the truth.
            guard let index = Self.number(in: pieces, &random) else { return }
            let (kind, old) = (pieces[index].kind, pieces[index].bytes)
            let new = random.below(2) == 0 ? Self.extreme(pieces[index], &random) : Self.near(pieces[index], &random)
            for index in pieces.indices where pieces[index].bytes == old && pieces[index].kind == kind {
                pieces[index].bytes = new
            }
        case .cutOff: pieces.removeSubrange(place...)
        case .gone: pieces.removeSubrange(random.stretch(pieces.count, most: 6))
        case .twice:
            let stretch = random.stretch(pieces.count, most: 24)
            pieces.insert(contentsOf: Array(pieces[stretch]), at: stretch.upperBound)
        case .swapped: pieces.swapAt(place, random.below(pieces.count))
        case .spliced: pieces.insert(contentsOf: other[random.stretch(other.count, most: 24)], at: place)
        case .flipped:
            guard !pieces[place].bytes.isEmpty else { return }
            pieces[place].bytes[random.below(pieces[place].bytes.count)] = random.byte()
        case .replaced: pieces[place] = random.one(of: other)
        case .repeated:
            let stretch = random.stretch(pieces.count, most: 3)
            let run = Array(pieces[stretch])
            for _ in 0..<1 << random.below(8) { pieces.insert(contentsOf: run, at: stretch.upperBound) }
        }
    }

    private func changeNumber(
        _ pieces: inout [Piece], _ random: inout FuzzRandom, _ change: (Piece, inout FuzzRandom) -> [UInt8]
    ) {
        if let index = Self.number(in: pieces, &random) { pieces[index].bytes = change(pieces[index], &random) }
    }

    /// The place of a number, nil where none is found soon.
    private static func number(in pieces: [Piece], _ random: inout FuzzRandom) -> Int? {
        for _ in 0..<16 {
            let index = random.below(pieces.count)
            if pieces[index].isNumber { return index }
        }
        return nil
    }

    private static let digits = [
        "0", "1", "-1", "255", "256", "65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296",
        "281474976710656", "4611686018427387904", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "18446744073709551615", "18446744073709551616", "1e308", "1e309", "-0", "0.5", "1e-400", "00", "1_000", "NaN",
    ]

    private static func extreme(_ piece: Piece, _ random: inout FuzzRandom) -> [UInt8] {
        if piece.kind == .digits { return Array(random.one(of: digits).utf8) }
        let width = piece.bytes.count
        let top: [UInt8] = [0x7f, 0x80, 0xff, 0, 1, 0xfe, 0x40]
        var number = [UInt8](repeating: random.one(of: [0, 0xff]), count: width)
        if width > 0 {
            number[width - 1] = random.one(of: top)
            if random.below(2) == 0 { number[0] = random.one(of: top) }
        }
        return number
    }

    private static func near(_ piece: Piece, _ random: inout FuzzRandom) -> [UInt8] {
        let step = random.one(of: [-8, -2, -1, 1, 2, 8, 64])
        if piece.kind == .digits {
            guard let number = Int(String(decoding: piece.bytes, as: UTF8.self)) else { return piece.bytes }
            return Array(String(number &+ step).utf8)
        }
        // Checkpoints count from the left and images from the right; both ends are tried.
        var number = piece.bytes
        guard !number.isEmpty else { return number }
        let end = random.below(2) == 0 ? 0 : number.count - 1
        number[end] = number[end] &+ UInt8(truncatingIfNeeded: step)
        return number
    }
}
