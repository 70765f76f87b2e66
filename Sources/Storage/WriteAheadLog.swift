import FoundationEssentials

/// Looks through SQLite's write-ahead log before SQLite does, which takes a log up to the first entry that does not
/// check and says nothing of the rest.
///
/// Source: "The WAL File Format", sqlite.org/walformat.html.
package struct WriteAheadLog: Sendable, Equatable {
    /// What is wrong with a log.
    package enum Fault: Sendable, Equatable {
        /// Its beginning does not check, so that nothing of it counts.
        case header
        /// An entry does not check.
        ///
        /// - Parameters:
        ///   - entry: which, from 1.
        ///   - of: entries in the file.
        case entry(Int, of: Int)
        /// The file ends within an entry.
        case cut
    }

    /// Nil for a log that checks, or that is not there.
    package let fault: Fault?

    private static let headerSize = 32
    private static let frameHeaderSize = 24

    /// The log at `path`.
    package init(path: String) {
        guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else {
            fault = nil
            return
        }
        fault = Self.fault(in: [UInt8](data))
    }

    /// - Parameter bytes: a whole log.
    package static func fault(in bytes: [UInt8]) -> Fault? {
        guard !bytes.isEmpty else { return nil }
        guard bytes.count >= headerSize else { return .cut }
        let magic = word(bytes, 0), size = Int(word(bytes, 8))
        guard magic & ~1 == 0x377F_0682, word(bytes, 4) == 3_007_000, (512...65_536).contains(size),
            size & (size - 1) == 0
        else { return .header }
        var sum = Checksum(isBigEndian: magic & 1 == 1)
        sum.add(bytes, 0..<24)
        guard sum.matches(bytes, 24) else { return .header }
        let salts = (word(bytes, 16), word(bytes, 20)), step = frameHeaderSize + size
        let count = (bytes.count - headerSize) / step
        /// How many of an entry's two salts are the log's own; those of an older log have none.
        func ownSalts(_ entry: Int) -> Int {
            let start = headerSize + entry * step
            return (word(bytes, start + 8) == salts.0 ? 1 : 0) + (word(bytes, start + 12) == salts.1 ? 1 : 0)
        }
        for entry in 0..<count {
            let start = headerSize + entry * step
            if ownSalts(entry) == 2 {
                sum.add(bytes, start..<start + 8)
                sum.add(bytes, start + frameHeaderSize..<start + step)
                guard sum.matches(bytes, start + 16) else { return .entry(entry + 1, of: count) }
                continue
            }
            // What an older, longer log has left behind is no fault.
            let isOld = (entry..<count).allSatisfy { ownSalts($0) == 0 }
            return isOld ? nil : .entry(entry + 1, of: count)
        }
        return headerSize + count * step == bytes.count ? nil : .cut
    }

    private static func word(_ bytes: [UInt8], _ place: Int) -> UInt32 {
        bytes[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Two sums that run through the whole log.
    private struct Checksum {
        let isBigEndian: Bool
        private var first: UInt32 = 0
        private var second: UInt32 = 0

        init(isBigEndian: Bool) { self.isBigEndian = isBigEndian }

        mutating func add(_ bytes: [UInt8], _ range: Range<Int>) {
            for place in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
                first = first &+ word(bytes, place) &+ second
                second = second &+ word(bytes, place + 4) &+ first
            }
        }

        /// The sums are written big-endian, whatever the words are.
        func matches(_ bytes: [UInt8], _ place: Int) -> Bool {
            WriteAheadLog.word(bytes, place) == first && WriteAheadLog.word(bytes, place + 4) == second
        }

        private func word(_ bytes: [UInt8], _ place: Int) -> UInt32 {
            let word = WriteAheadLog.word(bytes, place)
            return isBigEndian ? word : word.byteSwapped
        }
    }
}
