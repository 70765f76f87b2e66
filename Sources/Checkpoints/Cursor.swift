import Platform

/// Reads forward through bytes; whatever is asked beyond the end is an error, never a trap.
struct Cursor {
    let bytes: Bytes
    /// What is being read, for the message about a file that ends early.
    let part: String
    private(set) var offset: Int

    init(_ bytes: Bytes, part: String, from offset: Int = 0) {
        self.bytes = bytes
        self.part = part
        self.offset = min(max(offset, 0), bytes.count)
    }

    var remaining: Int { bytes.count - offset }

    mutating func byte() throws(CheckpointError) -> UInt8 {
        guard remaining > 0 else { throw .truncated(part: part, needed: 1, present: 0) }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// A little-endian integer.
    mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws(CheckpointError) -> T {
        guard let value = bytes.littleEndian(at: offset, as: type) else {
            throw .truncated(part: part, needed: type.bitWidth / 8, present: remaining)
        }
        offset += type.bitWidth / 8
        return value
    }

    /// The next `count` bytes, shared with the file.
    mutating func take(_ count: Int) throws(CheckpointError) -> Bytes {
        guard let slice = bytes.slice(at: offset, count: count) else {
            throw .truncated(part: part, needed: count, present: remaining)
        }
        offset += count
        return slice
    }

    /// The bytes up to the next line feed, which is passed over; nil where none comes within `limit` bytes.
    mutating func line(limit: Int) -> Bytes? {
        let most = min(limit, remaining)
        for length in 0..<most where bytes[offset + length] == UInt8(ascii: "\n") {
            let line = bytes.slice(at: offset, count: length)
            offset += length + 1
            return line
        }
        return nil
    }
}
