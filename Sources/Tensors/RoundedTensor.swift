import CKernels
public import Platform

/// Numbers in a shape, rounded to bf16: what products in bf16 read. Row-major.
public struct RoundedTensor: Sendable {
    /// The extents, outermost first.
    public let shape: [Int]
    /// Two numbers in the place of one.
    private let memory: Tensor

    /// Numbers of `shape` that `body` writes, all of them.
    init(shape: [Int], writing body: (UnsafeMutablePointer<UInt16>) -> Void) {
        self.shape = shape
        memory = Tensor(shape: [(Tensor.count(of: shape) + 1) / 2]) { memory in
            guard let base = memory.baseAddress else { return }
            base.withMemoryRebound(to: UInt16.self, capacity: 2 * memory.count, body)
        }
    }

    /// The numbers of `tensor`, rounded to nearest even.
    public init(_ tensor: Tensor, pool: ThreadPool) {
        self = tensor.withUnsafeBufferPointer { RoundedTensor(shape: tensor.shape, $0.baseAddress, pool: pool) }
    }

    /// As many numbers as fill `shape`, rounded to nearest even.
    init(shape: [Int], _ numbers: Source?, pool: ThreadPool) {
        self.init(shape: shape) { target in
            guard let numbers else { return }
            pool.parallelRanges(Tensor.count(of: shape), block: 1 << 15) { range, _ in
                bf16_forward(target + range.lowerBound, numbers + range.lowerBound, range.count)
            }
        }
    }

    /// Numbers of `shape` that `body` computes some rows at a time; these are rounded while they are in the cache.
    init(
        shape: [Int], pool: ThreadPool, rows body: (_ rows: Range<Int>, _ target: UnsafeMutablePointer<Float>) -> Void
    ) {
        let width = shape.last ?? 1, count = Tensor.count(of: shape)
        self.init(shape: shape) { target in
            guard count > 0 else { return }
            let size = Self.rowsPerBlock * width
            var scratch = Tensor(shape: [pool.threads, size], writing: { _ in })
            scratch.withPointer { scratch in
                pool.parallelRanges(count / width, block: 2 * Self.rowsPerBlock) { range, thread in
                    for first in stride(from: range.lowerBound, to: range.upperBound, by: Self.rowsPerBlock) {
                        let rows = first..<min(first + Self.rowsPerBlock, range.upperBound)
                        body(rows, scratch + thread * size)
                        bf16_forward(target + first * width, scratch + thread * size, rows.count * width)
                    }
                }
            }
        }
    }

    private static let rowsPerBlock = 32

    /// Calls `body` with the numbers to read, where there are any.
    func withUnsafePointer(_ body: (UnsafePointer<UInt16>) -> Void) {
        memory.withUnsafeBufferPointer { memory in
            guard let base = memory.baseAddress else { return }
            base.withMemoryRebound(to: UInt16.self, capacity: 2 * memory.count, body)
        }
    }
}
