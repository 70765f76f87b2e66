import COneDNN
import Platform

/// c = op(a) · op(b), or that added to c, of bf16 numbers on one thread; a (m, k), b (k, n), c (m, n) after `op`,
/// row-major.
struct RoundedProduct {
    let m: Int
    let n: Int
    let k: Int

    /// - Parameter strides: numbers between rows of c, a, b as they are stored.
    func run(
        _ c: Target, _ a: UnsafePointer<UInt16>, _ b: UnsafePointer<UInt16>, transposes: (a: Bool, b: Bool),
        accumulates: Bool, strides: (c: Int, a: Int, b: Int)
    ) {
        guard m > 0, n > 0, k > 0 else { return }
        var extents = onednn_extents(
            M: Int64(m), N: Int64(n), K: Int64(k), ldA: Int64(strides.a), ldB: Int64(strides.b),
            ldC: Int64(strides.c), transA: transposes.a ? 1 : 0, transB: transposes.b ? 1 : 0,
            accumulates: accumulates ? 1 : 0)
        let status = onednn_bf16_product(c, a, b, &extents)
        precondition(status == 0, "oneDNN refused a product of \(m)×\(n)×\(k) in bf16: \(status)")
    }
}
