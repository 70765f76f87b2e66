import Platform

/// The directory at the end of a zip archive.
struct ZipDirectory {
    /// Where it begins, and the entries end.
    let start: Int
    let records: [ZipRecord]

    init(_ bytes: Bytes) throws(CheckpointError) {
        let end = try ZipEnd(bytes)
        guard end.count <= ZipArchive.maximumEntries else {
            throw .zipTooManyEntries(end.count, limit: ZipArchive.maximumEntries)
        }
        guard let directory = bytes.slice(at: end.directoryStart, count: end.directorySize) else {
            throw .zipMalformed(entry: "", part: "directory")
        }
        var cursor = Cursor(directory, part: "the zip directory")
        var records: [ZipRecord] = []
        for _ in 0..<end.count { records.append(try ZipRecord(&cursor)) }
        guard cursor.remaining == 0 else {
            throw .trailingBytes(part: "the zip directory", count: cursor.remaining)
        }
        (start, self.records) = (end.directoryStart, records)
    }
}

/// The record that ends an archive, with its zip64 form where there is one.
private struct ZipEnd {
    let count: Int
    let directoryStart: Int
    let directorySize: Int

    /// A comment after the record could hold a second archive, so there must be none; PyTorch and NumPy write none.
    init(_ bytes: Bytes) throws(CheckpointError) {
        let position = bytes.count - 22
        guard position >= 0, bytes.littleEndian(at: position, as: UInt32.self) == 0x0605_4b50 else {
            throw .zipNoDirectory
        }
        var cursor = Cursor(bytes, part: "the zip directory's end", from: position + 4)
        let disk = try cursor.integer(UInt16.self), directoryDisk = try cursor.integer(UInt16.self)
        let countHere = try cursor.integer(UInt16.self), count = try cursor.integer(UInt16.self)
        let size = try cursor.integer(UInt32.self), start = try cursor.integer(UInt32.self)
        guard try cursor.integer(UInt16.self) == 0 else { throw .zipNoDirectory }
        guard disk == 0, directoryDisk == 0, countHere == count else { throw .zipSplit }

        var ends = position
        if bytes.littleEndian(at: position - 20, as: UInt32.self) == 0x0706_4b50 {
            let wide = try Zip64End(bytes, locator: position - 20)
            guard count == .max || Int(count) == wide.count else {
                throw .zipDisagreement(entry: "", field: "number of entries")
            }
            guard size == .max || Int(size) == wide.directorySize, start == .max || Int(start) == wide.directoryStart
            else { throw .zipDisagreement(entry: "", field: "directory") }
            (self.count, directoryStart, directorySize) = (wide.count, wide.directoryStart, wide.directorySize)
            ends = wide.position
        } else {
            guard count != .max, size != .max, start != .max else {
                throw .zipMalformed(entry: "", part: "zip64 directory")
            }
            (self.count, directoryStart, directorySize) = (Int(count), Int(start), Int(size))
        }
        guard directoryStart.plus(directorySize) == ends else { throw .zipMalformed(entry: "", part: "directory") }
    }
}

private struct Zip64End {
    let position: Int
    let count: Int
    let directoryStart: Int
    let directorySize: Int

    init(_ bytes: Bytes, locator: Int) throws(CheckpointError) {
        var cursor = Cursor(bytes, part: "the zip64 locator", from: locator + 4)
        let disk = try cursor.integer(UInt32.self)
        let offset = try cursor.integer(UInt64.self)
        // PyTorch and NumPy both count one disk.
        guard disk == 0, try cursor.integer(UInt32.self) == 1 else { throw .zipSplit }
        // The record of fixed size must lie right before its locator, so that there is only one to find.
        let position = locator - 56
        guard position >= 0, Int(exactly: offset) == position else {
            throw .zipMalformed(entry: "", part: "zip64 directory")
        }
        cursor = Cursor(bytes, part: "the zip64 directory", from: position)
        guard try cursor.integer(UInt32.self) == 0x0606_4b50, try cursor.integer(UInt64.self) == 44 else {
            throw .zipMalformed(entry: "", part: "zip64 directory")
        }
        _ = try cursor.integer(UInt32.self)
        guard try cursor.integer(UInt32.self) == 0, try cursor.integer(UInt32.self) == 0 else { throw .zipSplit }
        let countHere = try cursor.integer(UInt64.self), count = try cursor.integer(UInt64.self)
        guard countHere == count else { throw .zipSplit }
        guard let count = Int(exactly: count), let size = Int(exactly: try cursor.integer(UInt64.self)),
            let start = Int(exactly: try cursor.integer(UInt64.self))
        else { throw .zipMalformed(entry: "", part: "zip64 directory") }
        (self.position, self.count, directoryStart, directorySize) = (position, count, start, size)
    }
}
