import CKernels
import COneDNN
public import Platform

extension PackedLinear {
    /// Adds next(GELU(self(x))) to `sum` (…, next.outFeatures): the two layers of an MLP, for `x` (…, inFeatures).
    ///
    /// In bf16 what lies between them is never f32 as a whole: a piece of the first product is rounded while it is in the
    /// cache.
    public func accumulate(
        _ x: ProductInput, through next: PackedLinear, into sum: inout Tensor, pool: ThreadPool
    ) {
        precondition(next.inFeatures == outFeatures, "the layers do not fit each other")
        guard precision == .bf16, next.precision == .bf16 else {
            next.accumulate(forward(x, activation: .gelu, pool: pool), into: &sum, pool: pool)
            return
        }
        precondition(x.shape.last == inFeatures, "\(x.shape) does not multiply with \(inFeatures) input features")
        let hidden = RoundedTensor(shape: x.shape.dropLast() + [outFeatures]) { target in
            x.rounded(pool: pool).withUnsafePointer {
                roundedGELU(UnsafeRawPointer($0), Rows(of: x.shape), to: target, pool: pool)
            }
        }
        next.accumulate(.rounded(hidden), into: &sum, pool: pool)
    }

    private func roundedGELU(
        _ source: UnsafeRawPointer, _ rows: Rows, to target: UnsafeMutablePointer<UInt16>, pool: ThreadPool
    ) {
        let size = min(rows.count, ProductBlocks.rowsPerBlock) * columns(of: 0).count
        var scratch = Tensor(shape: [pool.threads, size], writing: { _ in })
        scratch.withUnsafeMutableBufferPointer { scratch in
            guard let scratch = scratch.baseAddress else { return }
            forEachPiece(rows, pool: pool) { range, panel, thread in
                let columns = columns(of: panel), product = scratch + thread * size
                multiply(
                    source, range, panel, to: UnsafeMutableRawPointer(product), stride: columns.count,
                    epilogue: ONEDNN_STORE)
                gelu_bf16_forward(
                    target + range.lowerBound * outFeatures + columns.lowerBound, product, range.count, columns.count,
                    outFeatures)
            }
        }
    }
}
