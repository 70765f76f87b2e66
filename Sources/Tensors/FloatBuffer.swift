import Glibc
import Platform
import Synchronization

/// The memory of a tensor: contiguous 32-bit floats on a 64-byte boundary, recycled when the last owner goes; or those
/// of a file or a message, which are read alone.
///
/// A class because memory has an identity; unchecked because `Tensor` copies before it writes to shared memory.
final class FloatBuffer: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>
    let count: Int
    private let block: MemoryBlock?
    /// Keeps the floats of others where they are; nil for memory of our own.
    private let owner: Bytes?

    /// Uninitialized memory for `count` floats: the caller writes every one before anybody reads.
    init(count: Int) {
        self.count = count
        owner = nil
        let block = Recycler.shared.take(count)
        self.block = block
        pointer = block.pointer
    }

    /// The floats in `bytes`; nil where they do not lie on a 64-byte boundary.
    init?(in bytes: Bytes) {
        let address = bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        guard address % 64 == 0, !bytes.isEmpty,
            let pointer = UnsafeMutablePointer<Float>(bitPattern: address)
        else { return nil }
        self.pointer = pointer
        count = bytes.count / 4
        block = nil
        owner = bytes
    }

    /// Whether nobody may write here.
    var isReadOnly: Bool { owner != nil }

    deinit { if let block { Recycler.shared.give(block) } }
}

/// Memory of the system's, and how it goes back. Unchecked because an address alone is nobody's.
struct MemoryBlock: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Float>
    /// In floats.
    let capacity: Int
    /// Whether it has pages of its own.
    let isMapped: Bool

    fileprivate var byteCount: Int { capacity * 4 }

    fileprivate func free() {
        if isMapped { munmap(pointer, byteCount) } else { Glibc.free(pointer) }
    }
}

/// Keeps freed tensor memory for the next tensor of about the same size, because fresh pages cost a zeroing each.
///
/// The one shared object of the process: memory is shared whether we like it or not.
struct Recycler: ~Copyable {
    static let shared = Recycler()

    /// Freed memory that is kept at the most where nobody says otherwise, bytes.
    static let usualBudget = 1 << 30
    /// Smaller blocks go straight to malloc, which recycles them well itself.
    private static let smallest = 16_384
    /// Bytes of a large page.
    private static let largePage = 2 << 20

    /// Blocks from here on get pages of their own in a process that says so, bytes.
    private static let smallestMapped = 16_384
    /// Linux allows a process 65,530 mappings; past this number the heap takes over.
    private static let mostMapped = 32_768

    private struct Shelf {
        var blocks: [Int: [MemoryBlock]] = [:]
        var bytes = 0
        var budget = Recycler.usualBudget
        var maps = false
        /// Blocks with pages of their own.
        var mapped = 0
    }

    private let shelf = Mutex(Shelf())

    func take(_ count: Int) -> MemoryBlock {
        let capacity = Self.capacity(for: count)
        // Large blocks get large pages where the system has them: fewer faults, and fewer misses when they are read.
        let isLarge = capacity * 4 >= 2 * Self.largePage
        let (kept, maps) = shelf.withLock { shelf -> (MemoryBlock?, Bool) in
            if capacity >= Self.smallest, let block = shelf.blocks[capacity]?.popLast() {
                shelf.bytes -= block.byteCount
                return (block, false)
            }
            guard shelf.maps, !isLarge, capacity * 4 >= Self.smallestMapped, shelf.mapped < Self.mostMapped else {
                return (nil, false)
            }
            shelf.mapped += 1
            return (nil, true)
        }
        if let kept { return kept }
        if maps {
            let memory = mmap(nil, capacity * 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            if let memory, memory != MAP_FAILED {
                return MemoryBlock(
                    pointer: memory.bindMemory(to: Float.self, capacity: capacity), capacity: capacity, isMapped: true)
            }
            shelf.withLock { $0.mapped -= 1 }
        }
        var memory: UnsafeMutableRawPointer?
        let code = posix_memalign(&memory, isLarge ? Self.largePage : 64, capacity * 4)
        guard code == 0, let memory else { preconditionFailure("out of memory: \(capacity * 4) bytes") }
        if isLarge { madvise(memory, capacity * 4, MADV_HUGEPAGE) }
        return MemoryBlock(
            pointer: memory.bindMemory(to: Float.self, capacity: capacity), capacity: capacity, isMapped: false)
    }

    func give(_ block: MemoryBlock) {
        let isKept = shelf.withLock { shelf in
            guard block.capacity >= Self.smallest, shelf.bytes + block.byteCount <= shelf.budget else {
                if block.isMapped { shelf.mapped -= 1 }
                return false
            }
            shelf.blocks[block.capacity, default: []].append(block)
            shelf.bytes += block.byteCount
            return true
        }
        if !isKept { block.free() }
    }

    /// Gives blocks of 16 KiB and more pages of their own from here on.
    func mapBlocks() { shelf.withLock { $0.maps = true } }

    /// Keeps so many bytes from here on.
    func setBudget(_ bytes: Int) { shelf.withLock { $0.budget = bytes } }

    /// Frees every kept block.
    func empty() {
        let blocks = shelf.withLock { shelf in
            let blocks = shelf.blocks.values.flatMap { $0 }
            shelf.blocks = [:]
            shelf.bytes = 0
            shelf.mapped -= blocks.count(where: \.isMapped)
            return blocks
        }
        for block in blocks { block.free() }
    }

    /// Eight sizes for each doubling, so that a block serves requests up to an eighth smaller.
    private static func capacity(for count: Int) -> Int {
        let needed = max(count, 16)
        let step = max(16, 1 << max(0, Int.bitWidth - 1 - needed.leadingZeroBitCount - 3))
        return (needed + step - 1) / step * step
    }
}
