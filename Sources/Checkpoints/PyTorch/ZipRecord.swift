import Platform

/// One line of a zip directory. Its numbers are not negative, but nothing else is known of them.
struct ZipRecord {
    let name: String
    let flags: UInt16
    /// 0 stored, 8 deflated.
    let method: UInt16
    let checksum: UInt32
    let compressedSize: Int
    let size: Int
    /// Where the entry's own header begins.
    let offset: Int

    /// The sizes follow the bytes, in a descriptor.
    private static let hasDescriptor: UInt16 = 1 << 3
    /// The name is UTF-8, which it must be anyway.
    private static let isUTF8: UInt16 = 1 << 11

    init(_ cursor: inout Cursor) throws(CheckpointError) {
        guard try cursor.integer(UInt32.self) == 0x0201_4b50 else { throw .zipMalformed(entry: "", part: "directory") }
        _ = try cursor.integer(UInt32.self)
        flags = try cursor.integer(UInt16.self)
        method = try cursor.integer(UInt16.self)
        _ = try cursor.integer(UInt32.self)
        checksum = try cursor.integer(UInt32.self)
        let compressed = try cursor.integer(UInt32.self), plain = try cursor.integer(UInt32.self)
        let nameLength = try cursor.integer(UInt16.self), extraLength = try cursor.integer(UInt16.self)
        let commentLength = try cursor.integer(UInt16.self), disk = try cursor.integer(UInt16.self)
        _ = try cursor.integer(UInt16.self)
        _ = try cursor.integer(UInt32.self)
        let header = try cursor.integer(UInt32.self)
        let bytes = try cursor.take(Int(nameLength))
        guard bytes.isUTF8 else { throw .notUTF8(part: "a zip entry's name") }
        guard let name = bytes.utf8String else { throw .tooManyMarks(byte: cursor.offset) }
        let extra = try cursor.take(Int(extraLength))
        _ = try cursor.take(Int(commentLength))

        self.name = name
        guard Self.isSafe(name) else { throw .zipBadName(name) }
        guard disk == 0 else { throw .zipSplit }
        guard flags & ~(Self.hasDescriptor | Self.isUTF8) == 0 else { throw .zipFlags(entry: name, flags: Int(flags)) }
        guard method == 0 || method == 8 else { throw .zipCompressed(entry: name, method: Int(method)) }
        // Fields that do not fit 32 bits are all ones, and stand in the zip64 field in this order.
        var wide = try Self.zip64(extra, entry: name)[...]
        func resolved(_ narrow: UInt32) throws(CheckpointError) -> Int {
            guard narrow == .max else { return Int(narrow) }
            guard let value = wide.popFirst(), let number = Int(exactly: value) else {
                throw .zipMalformed(entry: name, part: "zip64 field")
            }
            return number
        }
        size = try resolved(plain)
        compressedSize = try resolved(compressed)
        offset = try resolved(header)
        guard wide.isEmpty else { throw .zipMalformed(entry: name, part: "zip64 field") }
        guard method == 8 || size == compressedSize else { throw .zipDisagreement(entry: name, field: "size") }
    }

    /// Where the entry's bytes begin, after its own header has been compared with this record.
    func checkedStart(in bytes: Bytes) throws(CheckpointError) -> Int {
        guard offset <= bytes.count else { throw .zipMalformed(entry: name, part: "offset") }
        var cursor = Cursor(bytes, part: name, from: offset)
        guard try cursor.integer(UInt32.self) == 0x0403_4b50 else { throw .zipMalformed(entry: name, part: "header") }
        _ = try cursor.integer(UInt16.self)
        guard try cursor.integer(UInt16.self) == flags else { throw .zipDisagreement(entry: name, field: "flags") }
        guard try cursor.integer(UInt16.self) == method else { throw .zipDisagreement(entry: name, field: "method") }
        _ = try cursor.integer(UInt32.self)
        let checksum = try cursor.integer(UInt32.self)
        let compressed = try cursor.integer(UInt32.self), plain = try cursor.integer(UInt32.self)
        let nameLength = try cursor.integer(UInt16.self), extraLength = try cursor.integer(UInt16.self)
        guard try cursor.take(Int(nameLength)).equal(name) else {
            throw .zipDisagreement(entry: name, field: "name")
        }
        let wide = try Self.zip64(try cursor.take(Int(extraLength)), entry: name)

        // With a descriptor the header may leave zeros.
        let mayBeZero = flags & Self.hasDescriptor != 0
        guard checksum == self.checksum || mayBeZero && checksum == 0 else {
            throw .zipDisagreement(entry: name, field: "checksum")
        }
        for (narrow, full) in [(compressed, compressedSize), (plain, size)] {
            guard Int(narrow) == full || mayBeZero && narrow == 0 || narrow == .max && !wide.isEmpty else {
                throw .zipDisagreement(entry: name, field: "size")
            }
        }
        // miniz writes the sizes, the offset, or all three here, and a zero for what the descriptor will say.
        for value in wide {
            guard let value = Int(exactly: value),
                value == size || value == compressedSize || value == offset || mayBeZero && value == 0
            else {
                throw .zipDisagreement(entry: name, field: "zip64 field")
            }
        }
        guard compressedSize <= cursor.remaining else {
            throw .truncated(part: name, needed: compressedSize, present: cursor.remaining)
        }
        return cursor.offset
    }

    /// Bytes of the descriptor between the entry's bytes and the `next` header: 0, 16, or 24 with zip64 sizes.
    func descriptorSize(at position: Int, until next: Int, in bytes: Bytes) throws(CheckpointError) -> Int {
        // miniz writes no descriptor after an empty entry, whatever the flag says.
        guard flags & Self.hasDescriptor != 0, next > position else { return 0 }
        var cursor = Cursor(bytes, part: name, from: position)
        guard try cursor.integer(UInt32.self) == 0x0807_4b50 else { throw .zipGap(entry: name) }
        guard try cursor.integer(UInt32.self) == checksum else {
            throw .zipDisagreement(entry: name, field: "checksum")
        }
        let isWide = next - position == 24
        for expected in [compressedSize, size] {
            let found = isWide ? Int(exactly: try cursor.integer(UInt64.self)) : Int(try cursor.integer(UInt32.self))
            guard found == expected else { throw .zipDisagreement(entry: name, field: "size") }
        }
        return isWide ? 24 : 16
    }

    /// Nothing is written under this name, but reports show it.
    private static func isSafe(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 1024, !name.hasPrefix("/") else { return false }
        guard !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0 == "\\" }) else { return false }
        return !name.split(separator: "/", omittingEmptySubsequences: false).contains("..")
    }

    /// The numbers of the zip64 field among the extra fields; empty where there is none.
    private static func zip64(_ extra: Bytes, entry: String) throws(CheckpointError) -> [UInt64] {
        var cursor = Cursor(extra, part: "the extra fields of \(entry)")
        var numbers: [UInt64] = []
        while cursor.remaining > 0 {
            let tag = try cursor.integer(UInt16.self), length = try cursor.integer(UInt16.self)
            let field = try cursor.take(Int(length))
            guard tag == 1 else { continue }
            guard numbers.isEmpty, field.count % 8 == 0, field.count >= 8, field.count <= 24 else {
                throw .zipMalformed(entry: entry, part: "zip64 field")
            }
            for index in 0..<field.count / 8 {
                if let number = field.littleEndian(at: index * 8, as: UInt64.self) { numbers.append(number) }
            }
        }
        return numbers
    }
}
