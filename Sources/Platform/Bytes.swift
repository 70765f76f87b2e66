import Glibc

/// A read-only run of bytes with an owner: a mapped file, or memory of our own.
///
/// Copies share the bytes. Every access is checked against the length, so a number read from a hostile
/// file can at worst raise an error or, in the subscript, stop at a precondition that its caller must have
/// excluded; it can never read a neighbour's memory.
public struct Bytes: Sendable {
    private let owner: ByteOwner
    private let start: Int
    public let count: Int

    init(owner: ByteOwner, start: Int, count: Int) {
        self.owner = owner
        self.start = start
        self.count = count
    }

    /// Bytes of our own, copied from `array`.
    public init(_ array: [UInt8]) {
        self.init(owner: ByteOwner(copying: array), start: 0, count: array.count)
    }

    /// The bytes of `buffer`, which stay where they are as long as `owner` lives, and do not change.
    public init(viewing buffer: UnsafeRawBufferPointer, of owner: any AnyObject & Sendable) {
        guard let base = buffer.baseAddress else {
            self.init([])
            return
        }
        self.init(owner: ByteOwner(viewing: base, of: owner), start: 0, count: buffer.count)
    }

    /// The byte at `index`.
    public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count, "byte index out of bounds")
        return owner.base.load(fromByteOffset: start + index, as: UInt8.self)
    }

    /// The bytes of `range`, sharing the same owner, or nil where it does not lie inside.
    public func slice(at offset: Int, count length: Int) -> Bytes? {
        guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
        return Bytes(owner: owner, start: start + offset, count: length)
    }

    /// A little-endian integer at `offset`, or nil where it does not lie inside.
    public func littleEndian<T: FixedWidthInteger>(at offset: Int, as type: T.Type = T.self) -> T? {
        let size = MemoryLayout<T>.size
        guard offset >= 0, size <= count, offset <= count - size else { return nil }
        return T(littleEndian: owner.base.loadUnaligned(fromByteOffset: start + offset, as: T.self))
    }

    /// The numbers as little-endian bytes.
    public init(littleEndian numbers: [Double]) {
        // Every processor that Swift runs on here is little-endian.
        self.init(numbers.withUnsafeBytes { [UInt8]($0) })
    }

    /// `count` little-endian numbers at `offset`, or nil where they do not lie inside.
    public func littleEndianDoubles(at offset: Int, count length: Int) -> [Double]? {
        guard length >= 0, length <= Int.max / 8, let bytes = slice(at: offset, count: length * 8) else { return nil }
        return [Double](unsafeUninitializedCapacity: length) { buffer, filled in
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
            filled = length
        }
    }

    public var isEmpty: Bool { count == 0 }

    /// The bytes, copied.
    public var array: [UInt8] {
        withUnsafeBytes { [UInt8]($0) }
    }

    /// The bytes as text; nil where they are not UTF-8, or a text that is dear to compare (`StreamSafeText`).
    public var utf8String: String? {
        guard let text = withUnsafeBytes({ String(validating: $0, as: UTF8.self) }), StreamSafeText.holds(text) else {
            return nil
        }
        return text
    }

    /// Whether the bytes are UTF-8, whatever it takes to compare them.
    public var isUTF8: Bool { withUnsafeBytes { String(validating: $0, as: UTF8.self) != nil } }

    /// Whether the bytes are those of `text`. Takes time in proportion to the length, whatever the bytes are.
    public func equal(_ text: String) -> Bool {
        let wanted = text.utf8
        return count == wanted.count && withUnsafeBytes { $0.elementsEqual(wanted) }
    }

    /// Says that these bytes will not be read again soon: the memory of a mapped file goes back to the system, and
    /// comes again from the file if somebody reads it after all.
    public func forget() { owner.forget(start..<start + count) }

    /// Calls `body` with one piece after another, so that a mapped file larger than memory passes through little of it.
    func forEachChunk(_ body: (UnsafeRawBufferPointer) -> Void) {
        let size = 8 << 20
        var offset = 0
        while offset < count {
            let length = min(size, count - offset)
            body(UnsafeRawBufferPointer(start: owner.base + start + offset, count: length))
            owner.forget(start + offset..<start + offset + length)
            offset += length
        }
    }

    /// Calls `body` with the raw memory. Only the rooms that may touch raw memory use it.
    public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: owner.base + start, count: count))
    }
}

/// Frees or unmaps what it holds when the last `Bytes` goes. A class because memory has an identity;
/// unchecked because nobody writes after the initializer.
final class ByteOwner: @unchecked Sendable {
    let base: UnsafeRawPointer
    private let isMapped: Bool
    private let release: () -> Void

    /// Memory mapped from a file.
    init(mapped base: UnsafeRawPointer, release: @escaping () -> Void) {
        self.base = base
        self.release = release
        isMapped = true
    }

    /// Memory of somebody else.
    init(viewing base: UnsafeRawPointer, of owner: any AnyObject & Sendable) {
        self.base = base
        isMapped = false
        release = { withExtendedLifetime(owner) {} }
    }

    init(copying array: [UInt8]) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(array.count, 1), alignment: 64)
        array.withUnsafeBytes {
            if let source = $0.baseAddress { memory.copyMemory(from: source, byteCount: $0.count) }
        }
        base = UnsafeRawPointer(memory)
        isMapped = false
        release = { memory.deallocate() }
    }

    deinit { release() }

    func forget(_ range: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        // Only whole pages go; neighbours may still be wanted.
        let first = (range.lowerBound + page - 1) / page * page, last = range.upperBound / page * page
        guard isMapped, first < last else { return }
        madvise(UnsafeMutableRawPointer(mutating: base) + first, last - first, MADV_DONTNEED)
    }
}

extension [UInt8] {
    /// Adds `bytes` at the end, copied once.
    public mutating func append(_ bytes: Bytes) {
        bytes.withUnsafeBytes { append(contentsOf: $0) }
    }
}
