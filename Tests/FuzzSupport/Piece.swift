/// A field of a file, so that damage can be done to whole fields.
struct Piece {
    enum Kind {
        /// A magic number, an instruction, a marker, punctuation.
        case fixed
        /// A number, least significant byte first.
        case little
        /// A number, most significant byte first.
        case big
        /// A number in decimal digits.
        case digits
        /// A name or a word.
        case text
        /// Pixels, weights, compressed bytes.
        case data
        /// How many bytes follow; little-endian in checkpoints, big-endian in images.
        case count
        /// The checksum of what came since the last count.
        case checksum
    }

    var kind: Kind
    var bytes: [UInt8]

    init(_ kind: Kind, _ bytes: some Sequence<UInt8>) {
        self.kind = kind
        self.bytes = Array(bytes)
    }

    /// Whether its bytes are a number.
    var isNumber: Bool {
        switch kind {
        case .little, .big, .digits, .count, .checksum: true
        case .fixed, .text, .data: false
        }
    }
}

/// Cuts a file into pieces from its start; what is not there is not cut.
struct PieceCutter {
    private(set) var pieces: [Piece] = []
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next `count` bytes, without taking them.
    func peek(_ count: Int) -> [UInt8] { Array(rest.prefix(count)) }

    func byte(_ offset: Int) -> UInt8? { rest.dropFirst(offset).first }

    /// Takes `count` bytes as one piece and returns them.
    @discardableResult mutating func cut(_ kind: Piece.Kind, _ count: Int) -> [UInt8] {
        let taken = Array(rest.prefix(max(count, 0)))
        if !taken.isEmpty { pieces.append(Piece(kind, taken)) }
        rest = rest.dropFirst(taken.count)
        return taken
    }

    /// Takes a little-endian number and returns it.
    @discardableResult mutating func little(_ count: Int, as kind: Piece.Kind = .little) -> Int {
        cut(kind, count).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// Takes a big-endian number and returns it.
    @discardableResult mutating func big(_ count: Int, as kind: Piece.Kind = .big) -> Int {
        cut(kind, count).reduce(0) { $0 << 8 | Int($1) }
    }

    /// Takes everything up to and with the next `mark`.
    mutating func line(_ kind: Piece.Kind, through mark: UInt8 = 0x0a) {
        cut(kind, rest.firstIndex(of: mark).map { $0 - rest.startIndex + 1 } ?? rest.count)
    }

    /// Takes `count` bytes as words, numbers and punctuation.
    mutating func words(_ count: Int) {
        var left = min(count, rest.count)
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        func isLetter(_ byte: UInt8) -> Bool {
            byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a || byte == 0x5f || byte >= 0x80
        }
        while left > 0, let first = rest.first {
            let run: Int
            let kind: Piece.Kind
            if isDigit(first) {
                (kind, run) = (.digits, rest.prefix(while: isDigit).count)
            } else if isLetter(first) {
                (kind, run) = (.text, rest.prefix { isLetter($0) || isDigit($0) }.count)
            } else {
                (kind, run) = (.fixed, 1)
            }
            left -= cut(kind, min(run, left)).count
        }
    }
}
