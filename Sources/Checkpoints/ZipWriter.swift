import Platform

/// Writes a zip archive in memory: entries in the order they are added, a fixed date, so that the same content always
/// gives the same bytes. Sizes and offsets beyond 32 bits go to zip64 fields.
package struct ZipWriter {
    private var archive: [UInt8] = []
    private var directory: [UInt8] = []
    private var count = 0
    /// The first number that needs zip64; tests lower it.
    private let limit: Int

    package init(zip64From limit: Int = 0xffff_ffff) { self.limit = limit }

    /// Adds `content` as the entry `name`, stored or deflated.
    package mutating func add(_ name: String, _ content: [UInt8], deflating: Bool = false) {
        let stored = deflating ? Deflate.deflateRaw(content) : content
        let offset = archive.count, checksum = Deflate.crc32(Bytes(content))
        let sizes = [content.count, stored.count]
        let needsWide = sizes.contains { $0 >= limit }
        // In the entry's own header both sizes are wide or none is.
        let localWide = needsWide ? sizes : []
        archive += header(
            signature: 0x0403_4b50, name, deflating, checksum, sizes, narrow: !needsWide, extra: localWide)
        archive += Array(name.utf8) + zip64Field(localWide) + stored

        let wide = localWide + (offset >= limit ? [offset] : [])
        directory += header(signature: 0x0201_4b50, name, deflating, checksum, sizes, narrow: !needsWide, extra: wide)
        // No comment, first disk, no attributes.
        directory += little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4)
        directory += little(offset >= limit ? 0xffff_ffff : offset, 4) + Array(name.utf8) + zip64Field(wide)
        count += 1
    }

    /// The archive.
    package consuming func finish() -> [UInt8] {
        let start = archive.count, size = directory.count
        var file = archive + directory
        if start >= limit || size >= limit || count >= 0xffff {
            let position = file.count
            file += little(0x0606_4b50, 4) + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 4) + little(0, 4)
            file += little(count, 8) + little(count, 8) + little(size, 8) + little(start, 8)
            file += little(0x0706_4b50, 4) + little(0, 4) + little(position, 8) + little(1, 4)
        }
        file += little(0x0605_4b50, 4) + little(0, 4)
        file += little(min(count, 0xffff), 2) + little(min(count, 0xffff), 2)
        file += little(size >= limit ? 0xffff_ffff : size, 4) + little(start >= limit ? 0xffff_ffff : start, 4)
        return file + little(0, 2)
    }

    /// What an entry's own header and its line in the directory share, up to the length of the extra field.
    private func header(
        signature: Int, _ name: String, _ deflating: Bool, _ checksum: UInt32, _ sizes: [Int], narrow: Bool,
        extra: [Int]
    ) -> [UInt8] {
        var bytes = little(signature, 4)
        // The directory also says who made it; zip64 needs version 4.5.
        if signature == 0x0201_4b50 { bytes += little(45, 2) }
        // Names are UTF-8; the date is the first that zip knows, 1 January 1980.
        bytes += little(45, 2) + little(1 << 11, 2) + little(deflating ? 8 : 0, 2) + little(0, 2) + little(0x21, 2)
        bytes += little(Int(checksum), 4)
        bytes += little(narrow ? sizes[1] : 0xffff_ffff, 4) + little(narrow ? sizes[0] : 0xffff_ffff, 4)
        return bytes + little(name.utf8.count, 2) + little(extra.isEmpty ? 0 : 4 + extra.count * 8, 2)
    }

    private func zip64Field(_ numbers: [Int]) -> [UInt8] {
        numbers.isEmpty ? [] : little(1, 2) + little(numbers.count * 8, 2) + numbers.flatMap { little($0, 8) }
    }

    private func little(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
