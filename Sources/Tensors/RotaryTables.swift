import CKernels
public import Platform

/// The turning of queries and keys by the places of their patches (Su et al. 2021): cosines and sines for every number of
/// a head.
public struct RotaryTables: Sendable {
    /// (1 or numHeads, patches, headDim) each.
    public let cosines: Tensor
    public let sines: Tensor
    /// Whether a pair is two numbers half a head apart, or else two neighbours.
    public let pairsHalves: Bool
    /// Tokens before the patches, which are not turned.
    public let prefix: Int

    public init(cosines: Tensor, sines: Tensor, pairsHalves: Bool, prefix: Int) {
        precondition(
            cosines.shape.count == 3 && cosines.shape == sines.shape && cosines.shape[2] % 2 == 0,
            "cosines and sines are (heads, patches, headDim)")
        self.cosines = cosines
        self.sines = sines
        self.pairsHalves = pairsHalves
        self.prefix = prefix
    }

    /// Turns queries and keys of a fused projection (batch, tokens, 3·embedDim) in place.
    public func apply(to qkv: inout Tensor, numHeads: Int, pool: ThreadPool) {
        run(&qkv, numHeads: numHeads, pool: pool, turn: rotate_forward)
    }

    /// Makes the gradient at the turned projection that at the projection itself.
    public func applyBackward(to dQKV: inout Tensor, numHeads: Int, pool: ThreadPool) {
        run(&dQKV, numHeads: numHeads, pool: pool, turn: rotate_backward)
    }

    private typealias Turn = (Target?, Source?, Source?, Int32, Int, Int, Int) -> Void

    private func run(_ qkv: inout Tensor, numHeads: Int, pool: ThreadPool, turn: Turn) {
        let (batch, tokens, width) = (qkv.shape[0], qkv.shape[1], qkv.shape[2])
        let (tables, patches, headDim) = (cosines.shape[0], cosines.shape[1], cosines.shape[2])
        precondition(
            prefix + patches == tokens && width == 3 * numHeads * headDim && (tables == 1 || tables == numHeads),
            "\(cosines.shape) does not turn \(qkv.shape)")
        guard qkv.count > 0 else { return }
        withPointers(cosines, sines) { cosines, sines in
            qkv.withPointer { qkv in
                pool.parallelFor(batch * numHeads) { index, _ in
                    let (image, head) = (index / numHeads, index % numHeads)
                    let table = (tables == 1 ? 0 : head) * patches * headDim
                    for part in 0..<2 {
                        let start = (image * tokens + prefix) * width + (part * numHeads + head) * headDim
                        turn(qkv + start, cosines + table, sines + table, pairsHalves ? 1 : 0, patches, headDim, width)
                    }
                }
            }
        }
    }
}
