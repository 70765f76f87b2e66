import CKernels
import COneDNN
public import Platform

/// One matrix product with everything ready, to see how fast a library is at it: what a layer's speed is held against.
public struct ProductTrial: Sendable {
    /// Floating-point operations of a run.
    public let operations: Double
    private let layer: PackedLinear
    private let input: ProductInput

    /// - Parameters:
    ///   - precision: one that this processor does not lack.
    ///   - backend: OpenBLAS multiplies f32 alone.
    public init(
        rows: Int, inputs: Int, outputs: Int, precision: Precision, backend: PackedLinear.Backend = .oneDNN,
        pool: ThreadPool
    ) {
        operations = 2 * Double(rows) * Double(inputs) * Double(outputs)
        layer = PackedLinear(
            weight: Tensor(shape: [outputs, inputs], repeating: 0.01), bias: nil, precision: precision,
            backend: backend, cut: .byThread)
        let numbers = Tensor(shape: [rows, inputs], repeating: 1)
        input = precision == .bf16 ? .rounded(RoundedTensor(numbers, pool: pool)) : .exact(numbers)
    }

    /// Multiplies once, cut for the threads of `pool`.
    public func run(pool: ThreadPool) { _ = layer.forward(input, pool: pool) }

    /// Operations that all threads of `pool` do together in registers alone, and nothing besides: of each thread
    /// `repetitions` rounds of a few. No product can be faster.
    public static func registers(_ precision: Precision, repetitions: Int, pool: ThreadPool) -> Double {
        var operations = [Double](repeating: 0, count: pool.threads)
        operations.withUnsafeMutableBufferPointer { operations in
            pool.parallelFor(pool.threads) { index, _ in
                var sum: Float = 0.25
                operations[index] =
                    precision == .bf16 ? bf16_peak(&sum, repetitions) : f32_peak(&sum, repetitions)
            }
        }
        return operations.reduce(0, +)
    }
}
