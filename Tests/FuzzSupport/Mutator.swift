/// Makes damaged files of one format out of good ones, the same for the same random numbers.
public struct Mutator: Sendable {
    private let format: FuzzFormat
    private let seeds: [[UInt8]]
    private let pieces: [[Piece]]

    /// - Parameter seeds: files of the format, one at least.
    public init(_ format: FuzzFormat, seeds: [[UInt8]]) {
        precondition(!seeds.isEmpty, "there is no seed for \(format)")
        (self.format, self.seeds) = (format, seeds)
        pieces = seeds.map(format.pieces)
    }

    /// A damaged file.
    public func mutant(_ random: inout FuzzRandom) -> [UInt8] {
        let index = random.below(seeds.count)
        return mutant(of: seeds[index], pieces[index], &random)
    }

    /// A damaged form of `bytes`, which may be damaged already.
    public func mutant(of bytes: [UInt8], _ random: inout FuzzRandom) -> [UInt8] {
        mutant(of: bytes, format.pieces(of: bytes), &random)
    }

    private func mutant(of bytes: [UInt8], _ pieces: [Piece], _ random: inout FuzzRandom) -> [UInt8] {
        // Behind the checksums of an archive, or at its own fields.
        if format == .torchZip || format == .npz, random.below(2) == 0 {
            let inner: FuzzFormat = format == .npz ? .npy : .pickle
            return ZipMembers(bytes).damaged(&random) { content, random in
                Self.damaged(inner, inner.pieces(of: content), other: inner.pieces(of: content), &random)
            }
        }
        return Self.damaged(format, pieces, other: random.one(of: self.pieces), &random)
    }

    private static func damaged(
        _ format: FuzzFormat, _ pieces: [Piece], other: [Piece], _ random: inout FuzzRandom
    ) -> [UInt8] {
        var pieces = pieces
        for _ in 0...random.below(3) { random.one(of: Damage.allCases).apply(to: &pieces, other: other, &random) }
        var bytes = format.file(of: pieces, mending: random.below(4) > 0)
        switch random.below(16) {
        case 0: bytes.removeLast(random.below(bytes.count + 1))
        case 1: bytes += [UInt8](repeating: random.byte(), count: random.below(64))
        case 2: for _ in 0...random.below(4) where !bytes.isEmpty { bytes[random.below(bytes.count)] = random.byte() }
        case 3:
            guard !bytes.isEmpty else { break }
            bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
        default: break
        }
        return bytes
    }
}
