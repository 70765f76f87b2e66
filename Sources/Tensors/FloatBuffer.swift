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
    private let capacity: Int
    /// Keeps the floats of others where they are; nil for memory of our own.
    private let owner: Bytes?

    /// Uninitialized memory for `count` floats: the caller writes every one before anybody reads.
    init(count: Int) {
        self.count = count
        owner = nil
        (pointer, capacity) = Recycler.shared.take(count)
    }

    /// The floats in `bytes`; nil where they do not lie on a 64-byte boundary.
    init?(in bytes: Bytes) {
        let address = bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        guard address % 64 == 0, !bytes.isEmpty,
            let pointer = UnsafeMutablePointer<Float>(bitPattern: address)
        else { return nil }
        self.pointer = pointer
        count = bytes.count / 4
        capacity = 0
        owner = bytes
    }

    /// Whether nobody may write here.
    var isReadOnly: Bool { owner != nil }

    deinit { if owner == nil { Recycler.shared.give(pointer, capacity: capacity) } }
}

/// Keeps freed tensor memory for the next tensor of about the same size, because fresh pages cost a zeroing each.
///
/// The one shared object of the process: memory is shared whether we like it or not.
struct Recycler: ~Copyable {
    static let shared = Recycler()

    /// Freed memory that is kept at the most where nobody says otherwise, bytes.
    private static let usualBudget = 1 << 30
    /// Smaller blocks go straight to malloc, which recycles them well itself.
    private static let smallest = 16_384
    /// Bytes of a large page.
    private static let largePage = 2 << 20

    private struct Shelf {
        var blocks: [Int: [UInt]] = [:]
        var bytes = 0
        var budget = Recycler.usualBudget
    }

    private let shelf = Mutex(Shelf())

    func take(_ count: Int) -> (UnsafeMutablePointer<Float>, Int) {
        let capacity = Self.capacity(for: count)
        if capacity >= Self.smallest {
            let address: UInt? = shelf.withLock { shelf in
                guard let address = shelf.blocks[capacity]?.popLast() else { return nil }
                shelf.bytes -= capacity * 4
                return address
            }
            if let address, let pointer = UnsafeMutablePointer<Float>(bitPattern: address) {
                return (pointer, capacity)
            }
        }
        var memory: UnsafeMutableRawPointer?
        // Large blocks get large pages where the system has them: fewer faults, and fewer misses when they are read.
        let isLarge = capacity * 4 >= 2 * Self.largePage
        let code = posix_memalign(&memory, isLarge ? Self.largePage : 64, capacity * 4)
        guard code == 0, let memory else { preconditionFailure("out of memory: \(capacity * 4) bytes") }
        if isLarge { madvise(memory, capacity * 4, MADV_HUGEPAGE) }
        return (memory.bindMemory(to: Float.self, capacity: capacity), capacity)
    }

    func give(_ pointer: UnsafeMutablePointer<Float>, capacity: Int) {
        if capacity >= Self.smallest {
            let kept = shelf.withLock { shelf in
                guard shelf.bytes + capacity * 4 <= shelf.budget else { return false }
                shelf.blocks[capacity, default: []].append(UInt(bitPattern: pointer))
                shelf.bytes += capacity * 4
                return true
            }
            if kept { return }
        }
        free(pointer)
    }

    /// Keeps so many bytes from here on.
    func setBudget(_ bytes: Int) { shelf.withLock { $0.budget = bytes } }

    /// Frees every kept block.
    func empty() {
        let blocks = shelf.withLock { shelf in
            defer { shelf = Shelf(budget: shelf.budget) }
            return shelf.blocks.values.flatMap { $0 }
        }
        for address in blocks { free(UnsafeMutableRawPointer(bitPattern: address)) }
    }

    /// Eight sizes for each doubling, so that a block serves requests up to an eighth smaller.
    private static func capacity(for count: Int) -> Int {
        let needed = max(count, 16)
        let step = max(16, 1 << max(0, Int.bitWidth - 1 - needed.leadingZeroBitCount - 3))
        return (needed + step - 1) / step * step
    }
}
