import Platform

/// A zip archive read in place: by its directory, and only where every other reading of the file would agree.
///
/// Archives that two programs read differently are how bad files pass scanners, so any disagreement refuses the whole:
/// the directory must sit at the very end, the entries must follow one another from the first byte to the directory,
/// and each entry's own header must say what the directory says. Zip64 is read as `torch.save` (miniz) and NumPy write
/// it. Nothing is ever extracted.
struct ZipArchive: Sendable {
    /// One file in the archive.
    struct Entry: Sendable {
        let name: String
        /// Deflated; otherwise stored.
        let isDeflated: Bool
        let checksum: UInt32
        let compressedSize: Int
        let size: Int
        /// Where the bytes begin in the file.
        let start: Int
    }

    static let maximumEntries = 65_536

    /// In the order of the directory.
    let entries: [Entry]
    private let positions: [ExactText: Int]
    private let bytes: Bytes

    init(_ bytes: Bytes) throws(CheckpointError) {
        let directory = try ZipDirectory(bytes)
        var entries: [Entry] = [], positions: [ExactText: Int] = [:]
        for record in directory.records {
            guard positions.updateValue(entries.count, forKey: ExactText(record.name)) == nil else {
                throw .zipDuplicate(entry: record.name)
            }
            let start = try record.checkedStart(in: bytes)
            entries.append(
                Entry(
                    name: record.name, isDeflated: record.method == 8, checksum: record.checksum,
                    compressedSize: record.compressedSize, size: record.size, start: start))
        }
        try Self.checkTiling(entries, directory.records, in: bytes, until: directory.start)
        (self.entries, self.positions, self.bytes) = (entries, positions, bytes)
    }

    /// The entry called `name`.
    subscript(name: String) -> Entry? { positions[ExactText(name)].map { entries[$0] } }

    /// The bytes of `entry`, its checksum compared; a stored entry shares the file's memory.
    func read(_ entry: Entry) throws(CheckpointError) -> Bytes {
        guard let stored = bytes.slice(at: entry.start, count: entry.compressedSize) else {
            throw .truncated(part: entry.name, needed: entry.compressedSize, present: bytes.count)
        }
        var content = stored
        if entry.isDeflated {
            do throws(Deflate.Failure) {
                content = Bytes(try Deflate.inflateRaw(stored, size: entry.size))
            } catch { throw .zipInflation(entry: entry.name) }
        }
        guard Deflate.crc32(content) == entry.checksum else { throw .zipChecksum(entry: entry.name) }
        return content
    }

    /// Entries must cover the file from its first byte to the directory.
    private static func checkTiling(
        _ entries: [Entry], _ records: [ZipRecord], in bytes: Bytes, until end: Int
    ) throws(CheckpointError) {
        let order = records.indices.sorted { records[$0].offset < records[$1].offset }
        var expected = 0
        for (place, index) in order.enumerated() {
            let (entry, record) = (entries[index], records[index])
            guard record.offset >= expected else { throw .zipOverlap(entry: entry.name) }
            guard record.offset == expected else { throw .zipGap(entry: entry.name) }
            let next = place + 1 < order.count ? records[order[place + 1]].offset : end
            // The start lies inside the file and so does the size, so the sum fits.
            let dataEnd = entry.start + entry.compressedSize
            guard dataEnd <= next else { throw .zipOverlap(entry: entry.name) }
            expected = dataEnd + (try record.descriptorSize(at: dataEnd, until: next, in: bytes))
        }
        guard expected == end else { throw .zipGap(entry: order.last.map { entries[$0].name } ?? "") }
    }
}
