import CKernels
import Platform

/// Numbers rounded to bf16, as a product reads them: (rows, width), row-major.
struct RoundedRows {
    /// Two numbers in the place of one.
    private let memory: Tensor

    /// Memory for `count` numbers, which `body` writes, all of them.
    init(count: Int, writing body: (UnsafeMutablePointer<UInt16>) -> Void) {
        memory = Tensor(shape: [(count + 1) / 2]) { memory in
            guard let base = memory.baseAddress else { return }
            base.withMemoryRebound(to: UInt16.self, capacity: 2 * memory.count, body)
        }
    }

    /// The numbers of `tensor`, rounded to nearest even.
    init(_ tensor: Tensor, pool: ThreadPool) {
        self.init(count: tensor.count) { target in
            tensor.withUnsafeBufferPointer { source in
                guard let source = source.baseAddress else { return }
                pool.parallelRanges(tensor.count, block: 1 << 15) { range, _ in
                    bf16_forward(target + range.lowerBound, source + range.lowerBound, range.count)
                }
            }
        }
    }

    /// Calls `body` with the numbers to read.
    func withUnsafePointer(_ body: (UnsafeRawPointer?) -> Void) {
        memory.withUnsafeBufferPointer { body(UnsafeRawPointer($0.baseAddress)) }
    }
}
